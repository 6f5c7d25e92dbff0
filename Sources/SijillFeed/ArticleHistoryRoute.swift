import HTTPTypes
import Hummingbird
import SijillFormat
import SijillStore

/// `/v1/articles/<id>/revisions`, `/relations` and `/diff`: what an article was, and what it is to others
/// (contract: feed §2, text §2; `Documentation/Relations.md`).
struct ArticleHistoryRoute: Sendable {
    let store: Store

    static let revisionsParameters = ["text", "limit", "next"]
    static let differenceParameters = ["from", "to"]

    /// Revisions of a page when the request names no limit.
    private static let revisionsDefault = 100
    private static let revisionsMax = 1_000
    /// Bytes of text behind which a page of revisions ends.
    private static let revisionBytesMax = 8 << 20
    /// No article has so many revisions.
    private static let revisionNumberMax = 1_000_000_000

    /// Every text that the article has had, the first one first.
    func revisions(_ asked: RoutedRequest) async throws -> Response {
        let withText = try !asked.query.has("text", only: "omit")
        let limit = try asked.query.number("limit", in: 1...Self.revisionsMax) ?? Self.revisionsDefault
        let after = try asked.query.number("next", in: 1...Self.revisionNumberMax) ?? 0
        let list = try await find(asked) { store, id in
            try store.revisions(
                of: id, after: after, limit: limit, withText: withText, bytesMax: Self.revisionBytesMax)
        }
        guard after < list.revisionsCount else {
            throw Problem.badRequest("'next' is \(after), but revision \(list.revisionsCount) is the last")
        }
        let revisions = list.revisions.map { $0.json(withText: withText) }
        var headers: HTTPFields = [:]
        if let next = list.next {
            let rest = (withText ? "" : "&text=omit") + "&next=\(next)"
            headers[.link] = "</v1/articles/\(list.article)/revisions?limit=\(limit)\(rest)>; rel=\"next\""
        }
        return .tagged(
            .object([
                JSONMember("article", list.article.description),
                JSONMember("revision", UInt64(list.revisionsCount)),
                JSONMember(name: "revisions", value: .array(revisions)),
                JSONMember(name: "next", value: list.next.map { .number(String($0)) } ?? .null),
            ]), for: asked, headers: headers)
    }

    /// What the article is to others, and they to it, and the cluster that it belongs to.
    func relations(_ asked: RoutedRequest) async throws -> Response {
        let found = try await find(asked) { store, id in try store.relations(of: id) }
        return .tagged(found.json, for: asked)
    }

    /// What came and went between two revisions.
    func difference(_ asked: RoutedRequest) async throws -> Response {
        let from = try asked.query.number("from", in: 1...Self.revisionNumberMax)
        let to = try asked.query.number("to", in: 1...Self.revisionNumberMax)
        let found = try await find(asked) { store, id in
            do { return try store.difference(of: id, from: from, to: to) } catch let error as NoSuchRevision {
                throw Problem.notFound(
                    "article \(id) has no revision \(error.revision); the last is \(error.revisionsCount)")
            }
        }
        return .tagged(found.json, for: asked)
    }

    /// What `body` finds about the article in the path.
    ///
    /// - Throws: `Problem` with status 404 when there is none, 410 when it is withdrawn.
    private func find<Found: Sendable>(
        _ asked: RoutedRequest, _ body: @escaping @Sendable (Store, ArticleID) throws -> Found?
    ) async throws -> Found {
        let id = try ArticleID(inPath: asked["article"])
        let store = store
        return try await offLoop {
            guard let state = try store.withdrawalState(of: id) else { throw Problem.noArticle(id) }
            if state.isGone { throw Problem.withdrawn(id, isErased: state.isErased) }
            guard let found = try body(store, id) else { throw Problem.noArticle(id) }
            return found
        }
    }
}

extension RevisionState {
    fileprivate func json(withText: Bool) -> JSONValue {
        var members = [
            JSONMember("revision", UInt64(revision)), JSONMember("change", change),
            JSONMember("time", time.rfc3339), JSONMember(name: "file", value: file.json),
            JSONMember(name: "digests", value: digests.json), JSONMember("words", UInt64(words)),
        ]
        if let isMajor { members.append(JSONMember(name: "major", value: .bool(isMajor))) }
        if let isReverted { members.append(JSONMember(name: "reverted", value: .bool(isReverted))) }
        if let changed { members.append(JSONMember(name: "changed", value: changed)) }
        members.append(JSONMember(name: "relations", value: .array(relations.map(\.json))))
        return .object(members + content.members(withText: withText))
    }

    /// What names a revision, in a difference.
    fileprivate var name: JSONValue {
        .object([
            JSONMember("revision", UInt64(revision)), JSONMember("change", change),
            JSONMember("time", time.rfc3339), JSONMember("title", content.title),
        ])
    }
}

extension Relationship {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("article", article.description), JSONMember("revision", UInt64(revision)),
            JSONMember("cluster", cluster.description),
            JSONMember(
                name: "members", value: .array(members.map { .string(Array($0.description.utf8)) })),
            JSONMember("members_total", UInt64(membersCount)),
            JSONMember(name: "relations", value: .array(relations.map(\.json))),
            JSONMember(name: "cut", value: .bool(isCut)),
        ])
    }
}

extension RelationState {
    /// The relation as in a change. Of a later article it is what that one is to this one.
    fileprivate var json: JSONValue {
        guard case .object(let members) = relation.json else { return .null }
        return .object(
            members + [
                JSONMember("direction", isEarlier ? "earlier" : "later"), JSONMember("change", change),
                JSONMember("revision", UInt64(revision)), JSONMember("title", title),
            ])
    }
}

extension RevisionComparison {
    fileprivate var json: JSONValue {
        let numbers = [
            JSONMember(name: "removed", value: .array(numbersRemoved.map { .string(Array($0.utf8)) })),
            JSONMember(name: "added", value: .array(numbersAdded.map { .string(Array($0.utf8)) })),
        ]
        return .object([
            JSONMember("article", article.description), JSONMember(name: "from", value: from.name),
            JSONMember(name: "to", value: to.name), JSONMember(name: "changed", value: counts.json),
            JSONMember(name: "numbers", value: .object(numbers)),
            JSONMember(name: "paragraphs", value: .array(passages.map(\.json))),
        ])
    }
}

extension RevisionComparison.Passage {
    fileprivate var json: JSONValue {
        var members: [JSONMember] = []
        for (name, range, text) in [("removed", removed, removedText), ("added", added, addedText)] {
            guard let range else { continue }
            let ends = [range.lowerBound, range.upperBound]
            members.append(JSONMember(name: name, value: .array(ends.map { .number(String($0)) })))
            members.append(JSONMember(name: name + "_text", value: .array(text.map { .string($0) })))
        }
        let words = words.pieces.map { piece in
            JSONValue.object([
                JSONMember("kind", piece.kind.rawValue), JSONMember(name: "text", value: .string(piece.text)),
            ])
        }
        members.append(JSONMember(name: "words", value: .array(words)))
        return .object(members)
    }
}
