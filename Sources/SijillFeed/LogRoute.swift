import Hummingbird
import HummingbirdCore
import SijillFormat
import SijillLog
import SijillStore

/// `/v1/log`: where the log begins and ends.
struct LogRoute: Sendable {
    let reader: LogReader
    let store: Store

    func respond(to request: Request) async throws -> Response {
        let reader = reader
        let counts = store.counts()
        let oldest = try await offLoop { try reader.oldest }
        return .json(
            .object([
                JSONMember("log", reader.log.description),
                JSONMember("oldest", oldest),
                JSONMember("tip", reader.tip),
                JSONMember("epoch", reader.epoch.description),
                JSONMember("sealed_through", reader.sealedThrough.value),
                // The sequence that search has reached.
                JSONMember("searchable", store.searchable.value),
                JSONMember(name: "checkpoint", value: EvidenceRoute.summary(reader.tree)),
                JSONMember("schema", SijillFormat.changeSchema),
                JSONMember(
                    name: "counts",
                    value: .object([
                        JSONMember("articles", UInt64(counts.articles)),
                        JSONMember("revisions", UInt64(counts.revisions)),
                        JSONMember("sightings", UInt64(counts.sightings)),
                        JSONMember("rejects", UInt64(counts.rejects)),
                    ])),
            ]), for: request)
    }
}
