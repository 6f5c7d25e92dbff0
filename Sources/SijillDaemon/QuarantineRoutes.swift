import Hummingbird
import HummingbirdCore
import NIOPosix
import SijillFeed
import SijillFiles
import SijillFormat
import SijillIngest

/// `/v1/quarantine`: what could not be taken in, and trying it again. They work as `sijilld quarantine` does, by
/// renames, beside the inbox.
struct QuarantineRoutes: Sendable {
    let quarantinePath: String
    let inboxPath: String

    var all: [Route] {
        [
            Route("/v1/quarantine") { asked in
                let items = try await NIOThreadPool.singleton.runIfActive { try self.rejected() }
                return .json(
                    .object([JSONMember(name: "items", value: .array(items.map(\.json)))]), for: asked.request
                )
            },
            Route("/v1/quarantine/{reason}/{name}/retry", methods: [.post], scope: .admin) { asked in
                let id = "\(asked["reason"])/\(asked["name"])"
                let names = try await NIOThreadPool.singleton.runIfActive { try self.retry(id) }
                let list = names.map { JSONValue.string(Array($0.utf8)) }
                return .json(
                    .object([JSONMember(name: "inbox", value: .array(list))]), for: asked.request)
            },
        ]
    }

    /// What the dashboard shows of it.
    var parts: DashboardParts { DashboardParts(inboxPath: inboxPath) { try self.rejected() } }

    /// Everything in quarantine.
    private func rejected() throws -> [DashboardParts.Rejected] {
        try QuarantineContents(path: quarantinePath).items().map { item in
            let report = item.report
            let name = report?["name"]?.text ?? String(decoding: item.name, as: UTF8.self)
            return DashboardParts.Rejected(
                id: item.id, reason: item.reason, name: name, source: report?["source"]?.text,
                detail: report?["detail"]?.text, time: report?["at"]?.text, records: item.recordCount)
        }
    }

    /// Puts an item back into the inbox, and gives its names there.
    private func retry(_ id: String) throws -> [String] {
        let quarantine = try QuarantineContents(path: quarantinePath)
        guard let item = try quarantine.items().first(where: { $0.id == id }) else {
            throw Problem.notFound("'\(id.escapedForDisplay)' is not in quarantine any more")
        }
        do {
            return try quarantine.retry(item, inbox: try DirectoryHandle(path: inboxPath))
        } catch let error as SijillError {
            throw Problem(
                "not-retried", "It cannot be tried again", status: 409,
                detail: "\(error.message); \(error.remedy)")
        }
    }
}

extension DashboardParts.Rejected {
    fileprivate var json: JSONValue {
        var members = [
            ("item", id), ("reason", reason), ("name", name),
        ].map { JSONMember(name: $0.0, value: .string(Array($0.1.utf8))) }
        for (name, text) in [("source", source), ("detail", detail), ("at", time)] {
            if let text { members.append(JSONMember(name: name, value: .string(Array(text.utf8)))) }
        }
        if let records { members.append(JSONMember(name: "records", value: .number(String(records)))) }
        return .object(members)
    }
}
