import Hummingbird
import Logging
import SijillFormat
import SijillLog
import SijillStore

/// What the routes of the feed are made from.
struct FeedServices: Sendable {
    let reader: LogReader
    let store: Store
    let hub: FollowerHub
    let consumers: ConsumerStore?
    let limit: FollowerLimit
    let configuration: FeedConfiguration
    let health: @Sendable () -> Health
    let logger: Logger

    var source: ChangeSource { ChangeSource(reader: reader, store: store) }
}

/// The one list of the routes of this module. A route's own file says what it answers.
enum FeedRoutes {
    static func all(_ services: FeedServices) -> [Route] {
        changes(services) + consumers(services) + articles(services) + search(services) + evidence(services)
            + health(services) + dashboard(services)
    }

    private static func changes(_ services: FeedServices) -> [Route] {
        let changes = ChangesRoute(
            source: services.source, hub: services.hub, configuration: services.configuration,
            limit: services.limit)
        let segments = SegmentRoute(services.reader)
        let atom = AtomRoute(source: services.source)
        let log = LogRoute(reader: services.reader, store: services.store)
        return [
            Route("/v1/changes", parameters: ChangesRequest.parameters) { asked in
                try await changes.respond(to: asked)
            },
            Route("/v1/log") { try await log.respond(to: $0.request) },
            Route("/feed.atom", parameters: AtomRoute.parameters) { try await atom.respond(to: $0) },
            Route("/v1/segments") { try await segments.list($0) },
            Route("/v1/segments/{file}") { try await segments.file($0) },
        ]
    }

    private static func consumers(_ services: FeedServices) -> [Route] {
        guard let store = services.consumers else { return [] }
        let changes = ChangesRoute(
            source: services.source, hub: services.hub, configuration: services.configuration,
            limit: services.limit)
        let consumers = ConsumerRoute(store, changes)
        let one = "/v1/consumers/{name}"
        return [
            Route("/v1/consumers") { try await consumers.list($0) },
            Route(one) { try await consumers.get($0) },
            Route(one, methods: [.put], scope: .consume) { try await consumers.put($0) },
            Route(one, methods: [.delete], scope: .consume) { try await consumers.delete($0) },
            Route(one + "/changes", parameters: ConsumerRoute.changesParameters, scope: .consume) {
                try await consumers.changes($0)
            },
            Route(one + "/ack", methods: [.post], scope: .consume) { try await consumers.acknowledge($0) },
        ]
    }

    private static func articles(_ services: FeedServices) -> [Route] {
        let articles = ArticleRoute(reader: services.reader, store: services.store)
        let list = ArticleListRoute(store: services.store)
        let history = ArticleHistoryRoute(store: services.store)
        return [
            Route("/v1/articles", parameters: ArticleListRoute.parameters) { try await list.respond(to: $0) },
            Route("/v1/articles/{article}") { try await articles.article($0["article"], $0.request) },
            Route("/v1/articles/{article}/original") {
                try await articles.original($0["article"], $0.request, on: $0.channel)
            },
            Route(
                "/v1/articles/{article}/revisions", parameters: ArticleHistoryRoute.revisionsParameters
            ) { try await history.revisions($0) },
            Route("/v1/articles/{article}/relations") { try await history.relations($0) },
            Route("/v1/articles/{article}/diff", parameters: ArticleHistoryRoute.differenceParameters) {
                try await history.difference($0)
            },
        ]
    }

    private static func search(_ services: FeedServices) -> [Route] {
        let search = SearchRoute(store: services.store)
        return [
            Route("/v1/search", parameters: SearchRoute.parameters) { try await search.respond(to: $0) }
        ]
    }

    private static func health(_ services: FeedServices) -> [Route] {
        [
            Route("/healthz", scope: .open) {
                .json(.object([JSONMember("status", "ok")]), for: $0.request)
            },
            Route("/readyz", scope: .open) { asked in
                switch services.health() {
                case .notReady(let reason): throw Problem.notReady(reason)
                case .degraded(let reason):
                    let answer = [JSONMember("status", "degraded"), JSONMember("detail", reason)]
                    return .json(.object(answer), for: asked.request)
                case .ready: return .json(.object([JSONMember("status", "ready")]), for: asked.request)
                }
            },
        ]
    }
}
