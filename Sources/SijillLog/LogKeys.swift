import SijillFiles
import SijillFormat
import SijillMerkle

/// The keys of a log, `signing.key`: one a line, the one that signs first. A second one is the key before it, which
/// goes on to co-sign, so that whoever knows only that one still accepts the log (contract: evidence §2).
package struct LogKeys: Sendable {
    /// The signing key first.
    package let keys: [NoteSigningKey]

    /// The log's name: the origin of its checkpoints and the name of its keys.
    package var origin: String { keys[0].verifier.name }

    /// The public halves, the signing key's first.
    package var verifiers: [NoteVerifierKey] { keys.map(\.verifier) }

    private static let permissions: UInt32 = 0o600
    private static let countMax = 2

    /// Reads the file at `path`; nil when there is none.
    ///
    /// - Throws: `SijillError` with `.damaged` when it is not what was written.
    package static func read(_ path: String) throws -> LogKeys? {
        guard let bytes = try File.contents(path) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        let keys = lines.dropLast().compactMap { NoteSigningKey($0) }
        guard lines.last == "", 1...countMax ~= keys.count, keys.count == lines.count - 1,
            keys.allSatisfy({ $0.verifier.name == keys[0].verifier.name })
        else {
            throw SijillError(
                .damaged, "\(path) is damaged at byte 0: it is no signing key",
                remedy: "restore it from a backup; nothing was changed")
        }
        return LogKeys(keys: keys)
    }

    /// The keys of a data directory, made durable first when the log has never been signed.
    ///
    /// - Parameter origin: the configured name; nil for the name that the key has, or `sijill.local/<log>`.
    /// - Throws: `SijillError`: `.damaged` when a signed log has no key, `.configuration` for another origin than
    ///   that of the key.
    static func open(_ directory: DataDirectory, state: LogState, origin: String?) throws -> LogKeys {
        let path = directory.signingKey
        if directory.keyElsewhere == nil { try Durable.remove(Durable.temporaryName(path)) }
        if let keys = try read(path) {
            guard origin == nil || origin == keys.origin else {
                throw SijillError(
                    .configuration, "the log is signed as \(keys.origin), and log.origin is \(origin!)",
                    remedy: "take log.origin back: the name of a log never changes")
            }
            return keys
        }
        guard directory.keyElsewhere == nil else {
            throw SijillError(
                .configuration,
                "there is no signing key at \(path.escapedForDisplay), where log.key says it is",
                remedy: "put it there; a log without one makes its own when log.key is not set")
        }
        guard !state.signed else {
            throw SijillError(
                .damaged, "\(path) is missing, though the log was signed",
                remedy: "restore it from a backup, or see 'sijilld recover --help'")
        }
        let keys = LogKeys(keys: [.random(name: origin ?? defaultOrigin(state.log))])
        try keys.write(to: path)
        return keys
    }

    /// The public keys of the log in a directory, whether its own or, in a mirror, that of the source; empty when they
    /// cannot be known here.
    static func verifiers(of directory: DataDirectory) -> [NoteVerifierKey] {
        if let keys = try? read(directory.signingKey) { return keys.verifiers }
        let known = (try? File.contents(directory.verified + "/key")) ?? nil
        return String(decoding: known ?? [], as: UTF8.self).split(separator: "\n").compactMap {
            NoteVerifierKey(String($0))
        }
    }

    /// The name of a log whose origin is not configured.
    package static func defaultOrigin(_ log: LogID) -> String { "sijill.local/\(log)" }

    /// A new signing key; the one until now co-signs, those before it are forgotten.
    package var rotated: LogKeys {
        LogKeys(keys: [.random(name: origin), keys[0]])
    }

    /// Replaces the file durably.
    package func write(to path: String) throws(SystemError) {
        let text = keys.map { $0.text + "\n" }.joined()
        try Durable.replace(path, Array(text.utf8), permissions: Self.permissions)
    }
}
