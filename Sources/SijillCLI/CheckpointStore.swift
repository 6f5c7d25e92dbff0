import Sijill
import SijillFiles
import SijillFormat

/// What this user knows of a log from before: its key, and the last checkpoint that was verified.
///
/// In $SIJILL_STATE, else $XDG_STATE_HOME/sijill, else ~/.local/state/sijill; a folder for each URL. `checkpoint` is the
/// last one that verified, `key` holds the keys it is accepted from, `rejected` the one that contradicted it.
struct CheckpointStore {
    let folder: String

    private static let permissions: UInt32 = 0o600

    /// Whether the environment names a place; a service often has no home.
    static var hasPlace: Bool {
        ["SIJILL_STATE", "XDG_STATE_HOME", "HOME"].contains { environment($0) != nil }
    }

    init(folder: String) { self.folder = folder }

    init(url: String, state: String?) throws {
        let parent: String
        if let given = state ?? environment("SIJILL_STATE") {
            parent = given
        } else if let home = environment("XDG_STATE_HOME") {
            parent = home + "/sijill"
        } else if let home = environment("HOME") {
            parent = home + "/.local/state/sijill"
        } else {
            throw SijillError(
                .configuration, "there is no place for what was verified", remedy: "set SIJILL_STATE")
        }
        let name = url.utf8.map { byte -> String in
            let character = Character(Unicode.Scalar(byte))
            let isPlain =
                byte < 0x80 && (character.isLetter || character.isNumber || "-.".contains(character))
            return isPlain ? String(character) : "_"
        }.joined()
        folder = parent + "/" + name
    }

    var checkpoint: [UInt8]? { get throws { try File.contents(folder + "/checkpoint") } }

    /// The keys that checkpoints are accepted from; empty before the first.
    var keys: [String] {
        get throws {
            let bytes = try File.contents(folder + "/key") ?? []
            return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        }
    }

    func keep(_ checkpoint: LogCheckpoint, keys: [String]) throws {
        try make()
        try Durable.replace(
            folder + "/key", Array((keys.joined(separator: "\n") + "\n").utf8), permissions: Self.permissions)
        try Durable.replace(folder + "/checkpoint", checkpoint.note, permissions: Self.permissions)
    }

    /// Keeps a checkpoint that contradicts the one that was verified before, beside it.
    func reject(_ note: [UInt8]) throws {
        try make()
        try Durable.replace(folder + "/rejected", note, permissions: Self.permissions)
    }

    private func make() throws(SystemError) {
        var path = folder.hasPrefix("/") ? "" : "."
        for part in folder.split(separator: "/") {
            path += "/\(part)"
            if !File.exists(path) { try Durable.createDirectory(path, permissions: 0o700) }
        }
    }
}

/// Verifies a server against what is known of it from before.
struct ServerVerification {
    let client: SijillClient
    let store: CheckpointStore
    /// A key given on the command line.
    let key: String?

    /// A checkpoint that was verified, and is not kept yet.
    struct Verified {
        let checkpoint: LogCheckpoint
        let old: LogCheckpoint?
        let verifier: Verifier
        let keys: [String]
    }

    /// The newest checkpoint, verified and kept.
    ///
    /// - Throws: `SijillClientError` `.evidence`; then both checkpoints are kept.
    @discardableResult
    func run() async throws -> (checkpoint: LogCheckpoint, old: LogCheckpoint?, verifier: Verifier) {
        let verified = try await newest()
        try store.keep(verified.checkpoint, keys: verified.keys)
        return (verified.checkpoint, verified.old, verified.verifier)
    }

    /// The newest checkpoint, verified; it is for the caller to keep it.
    ///
    /// - Throws: `SijillClientError` `.evidence`; then both checkpoints are kept.
    func newest() async throws -> Verified {
        var keys = key.map { [$0] } ?? []
        let known = try store.keys
        if let key, !known.isEmpty, !known.contains(key) {
            throw SijillError(
                .usage, "\(store.folder) knows this log under another key",
                remedy: "if the log was signed anew on purpose, remove that folder")
        }
        keys += known.filter { $0 != key }
        if keys.isEmpty {
            guard let claimed = try await client.claimedKey() else {
                throw SijillError(
                    .usage, "the server names no key", remedy: "give its verifier key with --key")
            }
            Terminal.error.write(
                "sijill: trusting the key that the server names, as there is none from before: \(claimed)\n")
            keys = [claimed]
        }
        let verifier = try Verifier(keys: keys)
        let old = try store.checkpoint.map { try verifier.checkpoint($0) }
        do {
            let new = try await client.checkpoint(verifier, extending: old)
            return Verified(
                checkpoint: new, old: old, verifier: verifier, keys: try await followed(keys, new))
        } catch let error as SijillClientError where error.code == .evidence {
            if let note = try? await client.checkpointNote() { try reject(note, old) }
            throw error
        }
    }

    /// After a rotation the new key co-signs with one that is known, so it is known from then on.
    private func followed(_ keys: [String], _ checkpoint: LogCheckpoint) async throws -> [String] {
        guard let claimed = try await client.claimedKey(), !keys.contains(claimed),
            let verifier = try? Verifier(keys: [claimed]), (try? verifier.checkpoint(checkpoint.note)) != nil
        else { return keys }
        Terminal.error.write("sijill: the log has a new key, co-signed by the one known before: \(claimed)\n")
        return [claimed] + keys
    }

    /// Keeps and shows a checkpoint that contradicts what is known, beside the one from before.
    func reject(_ note: [UInt8], _ old: LogCheckpoint?) throws {
        try store.reject(note)
        var text = ""
        if let old {
            text += "the checkpoint from before, kept in \(store.folder)/checkpoint:\n\n"
            text += String(decoding: old.note, as: UTF8.self) + "\n"
        }
        text += "the checkpoint of the server now, kept in \(store.folder)/rejected:\n\n"
        text += String(decoding: note, as: UTF8.self) + "\n"
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map {
            String($0).escapedForDisplay
        }
        try Terminal.output.write(Array(lines.joined(separator: "\n").utf8))
    }
}
