import HTTPTypes
import SijillFormat
import Synchronization

/// One static bearer token: what it may do, and the digest by which it is known again.
package struct AccessToken: Hashable, Sendable {
    /// For logs and limits, not secret.
    package let name: String
    package let scope: AccessScope
    fileprivate let digest: Digest

    package init(name: String, scope: AccessScope, secret: String) {
        self.name = name
        self.scope = scope
        digest = Digest.of(Array(secret.utf8))
    }

    /// Characters that a token has at least.
    package static let charactersMin = 16

    /// Reads a file of tokens: one a line, `NAME SCOPE TOKEN`, the scope being read, consume or admin; empty lines and
    /// those that begin with `#` are passed over.
    ///
    /// - Throws: `SijillError(.configuration)` that names the line. It never quotes a token.
    package static func parse(_ text: String, path: String) throws(SijillError) -> [AccessToken] {
        var tokens: [AccessToken] = []
        let scopes: [String: AccessScope] = ["read": .read, "consume": .consume, "admin": .admin]
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
            if words.isEmpty || words[0].hasPrefix("#") { continue }
            guard words.count == 3, let scope = scopes[String(words[1])],
                words[2].count >= charactersMin, words[2].allSatisfy(\.isASCII)
            else {
                throw SijillError(
                    .configuration, "\(path): line \(number + 1): this is no token",
                    remedy: "write NAME, one of read, consume or admin, and a token of \(charactersMin)"
                        + " characters or more, such as `openssl rand -hex 32` makes")
            }
            if tokens.contains(where: { $0.name == words[0] }) {
                throw SijillError(
                    .configuration, "\(path): line \(number + 1): '\(words[0])' stands here twice",
                    remedy: "give each token a name of its own")
            }
            tokens.append(
                AccessToken(name: String(words[0]), scope: scope, secret: String(words[2])))
        }
        return tokens
    }
}

/// Who may ask for what (contract: feed §6). Without tokens everyone may, which is for loopback only.
package final class AccessControl: Sendable {
    private let tokens: Mutex<[AccessToken]>
    /// Whether a token is needed for anything.
    package let isRequired: Bool

    package init(_ tokens: [AccessToken] = []) {
        isRequired = !tokens.isEmpty
        self.tokens = Mutex(tokens)
    }

    /// Other tokens from now on; requests in progress go on.
    package func replace(_ tokens: [AccessToken]) { self.tokens.withLock { $0 = tokens } }

    /// The token of a request that reaches `scope`; nil where none is needed.
    ///
    /// A cookie `sijill_token` does for reading with GET, because an EventSource cannot send headers; nothing that
    /// changes anything takes it, so no page of another site can use it.
    ///
    /// - Throws: `Problem` 401 without a token or with one that is not known, 403 with one of a smaller scope.
    func check(_ head: HTTPRequest, scope: AccessScope) throws(Problem) -> AccessToken? {
        guard isRequired, scope > .open else { return nil }
        let isReading = (head.method == .get || head.method == .head) && scope == .read
        guard let secret = Self.bearer(head) ?? (isReading ? Self.cookie(head) : nil) else {
            throw .unauthorized("send 'Authorization: Bearer TOKEN'")
        }
        guard let token = find(Digest.of(Array(secret.utf8))) else {
            throw .unauthorized("the token is not known here")
        }
        guard token.scope >= scope else {
            throw Problem(
                "forbidden", "The token does not reach so far", status: 403,
                detail: "'\(token.name)' may \(token.scope), this needs \(scope)")
        }
        return token
    }

    /// Whether it is the secret of a token that may read, as all of them may.
    func isKnown(_ secret: String) -> Bool { !isRequired || find(Digest.of(Array(secret.utf8))) != nil }

    /// Compares with all of them, and every byte, so that the time says nothing about how near a guess is.
    private func find(_ digest: Digest) -> AccessToken? {
        tokens.withLock { tokens in
            var found: AccessToken?
            for token in tokens {
                let difference = (token.digest.high ^ digest.high) | (token.digest.low ^ digest.low)
                if difference == 0 { found = token }
            }
            return found
        }
    }

    private static func bearer(_ head: HTTPRequest) -> String? {
        guard let field = head.headerFields[.authorization] else { return nil }
        let words = field.split(separator: " ")
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }

    private static func cookie(_ head: HTTPRequest) -> String? {
        for field in head.headerFields[values: .cookie] {
            for pair in field.split(separator: ";") {
                let halves = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if halves.count == 2, halves[0] == "sijill_token" { return String(halves[1]) }
            }
        }
        return nil
    }
}

/// How many streams and long polls there are. From any thread.
package final class FollowerGauge: Sendable {
    private let value = Atomic<Int>(0)

    package init() {}

    package var count: Int { value.load(ordering: .relaxed) }

    fileprivate func add(_ difference: Int) { value.add(difference, ordering: .relaxed) }
}

/// How many followers there may be: in all, and of one token (contract: feed §6).
final class FollowerLimit: Sendable {
    private let allMax: Int
    private let perTokenMax: Int
    private let gauge: FollowerGauge
    private let counts = Mutex<(all: Int, tokens: [String: Int])>((0, [:]))

    init(_ configuration: FeedConfiguration) {
        allMax = configuration.followersMax
        perTokenMax = configuration.followersPerTokenMax
        gauge = configuration.followers
    }

    /// A place that is given back when it is let go.
    final class Place: Sendable {
        private let limit: FollowerLimit
        private let token: String?

        fileprivate init(_ limit: FollowerLimit, _ token: String?) {
            self.limit = limit
            self.token = token
        }

        deinit { limit.leave(token) }
    }

    /// - Throws: `Problem` 429 when there are as many as there may be.
    func enter(_ token: AccessToken?) throws(Problem) -> Place {
        let isFull = counts.withLock { counts in
            if counts.all >= allMax { return true }
            if let token {
                if counts.tokens[token.name, default: 0] >= perTokenMax { return true }
                counts.tokens[token.name, default: 0] += 1
            }
            counts.all += 1
            return false
        }
        if isFull { throw .tooManyFollowers }
        gauge.add(1)
        return Place(self, token?.name)
    }

    private func leave(_ token: String?) {
        gauge.add(-1)
        counts.withLock { counts in
            counts.all -= 1
            if let token { counts.tokens[token, default: 1] -= 1 }
        }
    }
}

extension Problem {
    static func unauthorized(_ detail: String) -> Problem {
        Problem("unauthorized", "A token is needed", status: 401, detail: detail)
    }

    static let tooManyFollowers = Problem(
        "too-many-followers", "There are too many followers", status: 429,
        detail: "as many streams are open as may be; try again later, or ask for pages")
}
