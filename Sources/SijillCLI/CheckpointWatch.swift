import Sijill
import SijillFormat

/// Verifies a server again and again while it is followed, against what is known of it from before.
struct CheckpointWatch {
    private let verification: ServerVerification

    /// Time between two verifications.
    private static let interval = Duration.seconds(10)

    /// Nil when nothing is known of the log and no key is given: then there is nothing to hold it against.
    init?(_ client: SijillClient, key: String?) throws {
        // Without a place to keep anything, nothing was kept either.
        guard key != nil || CheckpointStore.hasPlace else { return nil }
        let store = try CheckpointStore(url: client.url, state: nil)
        guard try key != nil || store.checkpoint != nil else { return nil }
        verification = ServerVerification(client: client, store: store, key: key)
    }

    /// - Throws: `SijillClientError` `.evidence`, both checkpoints shown and kept, when the server contradicts what it
    ///   signed before. A server that cannot be reached now is verified later.
    func check() async throws {
        do { try await verification.run() } catch let error as SijillClientError where error.code != .evidence
        {}
    }

    /// Runs `body` and verifies beside it, and once more when it ends with an error: a log that was rewritten breaks
    /// off in other ways too.
    func watching(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await check()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await body() }
                group.addTask {
                    while true {
                        try await Task.sleep(for: Self.interval)
                        try await check()
                    }
                }
                try await group.next()
                group.cancelAll()
            }
        } catch let error as SijillClientError where error.code != .evidence {
            try await check()
            throw error
        }
    }
}
