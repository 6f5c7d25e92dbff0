import DashboardFiles
import HTTPTypes
import Hummingbird
import SijillFormat
import SijillLog
import SijillStore

/// The dashboard: pages for people at `/`, and the routes that only they need (contract: feed §2).
///
/// Pages are made here, whole, and can be read without any program; what comes live, as one types, or is checked in the
/// browser is done by the files of `DashboardFiles`. Nothing is loaded from elsewhere, and the content security policy
/// forbids it. Documentation/Dashboard.md.
struct Dashboard: Sendable {
    let services: FeedServices
    let tally: ChangeTally
    let searches: SearchRoute
    let spreads: Spreads
    private let files: [String: ServedFile]

    private struct ServedFile: Sendable {
        let file: DashboardFile
        let etag: String
    }

    init(_ services: FeedServices) {
        self.services = services
        tally = ChangeTally(reader: services.reader, store: services.store)
        searches = SearchRoute(store: services.store)
        spreads = Spreads(store: services.store)
        files = Dictionary(
            uniqueKeysWithValues: DashboardFile.all.map { file in
                (file.name, ServedFile(file: file, etag: "\"\(Digest.of(file.bytes).hex.prefix(32))\""))
            })
    }

    /// A style sheet, a program or the icon.
    func file(_ asked: RoutedRequest) throws(Problem) -> Response {
        guard let served = files[asked["file"]] else {
            throw .notFound("the dashboard has no file '\(asked["file"])'")
        }
        var headers: HTTPFields = [
            .contentType: served.file.contentType, .eTag: served.etag, .cacheControl: "no-cache",
            .xContentTypeOptions: "nosniff",
        ]
        if asked.headers.names(served.etag) { return Response(status: .notModified, headers: headers) }
        headers[.contentLength] = String(served.file.bytes.count)
        return Response(
            status: .ok, headers: headers,
            body: asked.isHead ? .init() : .init(byteBuffer: .init(bytes: served.file.bytes)))
    }

    /// Answers with a page; a problem is a page too. Who may not read is asked for a token.
    func page(
        _ asked: RoutedRequest, _ make: @Sendable (Taste, RoutedRequest) async throws -> Shell
    ) async throws -> Response {
        let taste: Taste
        do throws(Problem) { taste = try Taste(asked) } catch { return error.response(head: asked.isHead) }
        do {
            // The routes are open so that a person without a token sees where to give it, and nothing else.
            var asked = asked
            asked.token = try services.configuration.access.check(asked.request.head, scope: .read)
            var shell = try await make(taste, asked)
            shell.mayLeave = asked.token != nil
            return shell.response(taste, asked)
        } catch let problem as Problem {
            let shell = problem.status == 401 ? Shell.signIn(taste) : Shell.problem(problem, taste)
            return shell.response(taste, asked, status: problem.status)
        }
    }

    /// Takes a token from the form of `Shell.signIn` and keeps it in a cookie that no program of a page can read.
    func signIn(_ asked: RoutedRequest) async throws -> Response {
        let taste = try Taste(asked)
        let body = String(decoding: try await asked.body(), as: UTF8.self)
        let form = try Query(body.replacing("+", with: "%20"))
        let access = services.configuration.access
        guard let secret = form["token"]?.filter({ $0 != " " && $0 != "\n" }), !secret.isEmpty else {
            return Self.leave(cookie: "sijill_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")
        }
        guard secret.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != UInt8(ascii: ";") }),
            access.isKnown(secret)
        else {
            return Shell.signIn(taste, failed: true).response(taste, asked, status: 401)
        }
        let secure = services.configuration.security == nil ? "" : "; Secure"
        return Self.leave(cookie: "sijill_token=\(secret); Path=/; HttpOnly; SameSite=Strict\(secure)")
    }

    private static func leave(cookie: String) -> Response {
        Response(
            status: .seeOther, headers: [.location: "/", .setCookie: cookie, .cacheControl: "no-store"])
    }
}

extension FeedRoutes {
    static func dashboard(_ services: FeedServices) -> [Route] {
        let dashboard = Dashboard(services)
        func page(
            _ path: String, _ parameters: [String] = [],
            _ make: @escaping @Sendable (Taste, RoutedRequest) async throws -> Shell
        ) -> Route {
            Route(path, parameters: parameters + Taste.parameters, scope: .open) { asked in
                try await dashboard.page(asked, make)
            }
        }
        return [
            page("/") { try await dashboard.live($0, $1) },
            page("/search", SearchRoute.parameters) { try await dashboard.search($0, $1) },
            page("/articles/{article}") { try await dashboard.article($0, $1) },
            page("/articles/{article}/diff", Dashboard.diffParameters) {
                try await dashboard.difference($0, $1)
            },
            page("/sources") { try await dashboard.sources($0, $1) },
            page("/timeline") { try await dashboard.timeline($0, $1) },
            Route("/session", methods: [.post], parameters: Taste.parameters, scope: .open) {
                try await dashboard.signIn($0)
            },
            Route("/assets/{file}", scope: .open) { try dashboard.file($0) },
        ]
    }
}
