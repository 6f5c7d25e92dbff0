import SijillFiles
import SijillFormat
import SijillMerkle

/// Holds the key, the checkpoint, every tile and every bundle against the leaves of the log, for `LogCheck`.
struct TreeCheck {
    private let directory: DataDirectory
    private let files: TileFiles
    private let note: [UInt8]?
    private let keys: Result<LogKeys?, any Error>
    private var checkpoint: Checkpoint?
    private var tree = GrowingTree()
    /// The leaves since the last full tile, as a bundle has them.
    private var leaves = ByteWriter()
    private(set) var findings: [String] = []

    /// Reads the checkpoint now, before the log is asked how far it goes.
    init(_ directory: DataDirectory) {
        self.directory = directory
        files = TileFiles(directory)
        note = (try? File.contents(directory.checkpoint)) ?? nil
        keys = Result { try LogKeys.read(directory.signingKey) }
    }

    /// Changes that the checkpoint covers; 0 when there is none.
    var size: UInt64 { checkpoint?.size ?? 0 }

    mutating func begin(_ state: LogState) {
        let path = directory.checkpoint
        var known: LogKeys?
        do {
            known = try keys.get()
            if known == nil, state.signed { findings.append("\(directory.signingKey): missing") }
        } catch {
            findings.append((error as? SijillError)?.message ?? "\(error)")
        }
        guard let note else {
            if state.signed { findings.append("\(path): missing, though the log was signed") }
            return
        }
        do {
            // Without a key the checkpoint can still be held against the leaves.
            let parsed = try Checkpoint(body: SignedNote(note).text)
            checkpoint = parsed
            if let known { try checkSignatures(note, known) }
            if state.isMirror { try checkSource(note) }
            if parsed.size > state.sequence.value {
                findings.append(
                    "\(path): byte 0: it covers \(parsed.size) changes, but log/state ends with \(state.sequence)"
                )
            }
        } catch {
            findings.append("\(path): byte 0: \(error)")
        }
    }

    /// Every key of the log has to have signed, and no one else.
    private func checkSignatures(_ note: [UInt8], _ keys: LogKeys) throws(EvidenceError) {
        let signers = try Checkpoint.verified(note, by: keys.verifiers).signers
        guard signers == keys.verifiers, try SignedNote(note).signatures.count == signers.count else {
            throw EvidenceError("it is not signed by each key of the log and by no one else")
        }
    }

    /// In a mirror a key of the source has to have signed.
    private mutating func checkSource(_ note: [UInt8]) throws(EvidenceError) {
        let known = LogKeys.verifiers(of: directory)
        guard !known.isEmpty else {
            findings.append("\(directory.verified)/key: missing, though there is a checkpoint of the source")
            return
        }
        _ = try Checkpoint.verified(note, by: known)
    }

    /// Takes the next change; `line` is its bytes.
    mutating func add(_ entry: IndexEntry, line: [UInt8]) {
        EntryBundle.append(line[..<entry.layout.leafEnd] + lineClosing, to: &leaves)
        let (bundle, size) = (leaves.bytes, size)
        var full: [(TilePlace, [UInt8])] = []
        tree.append(entry.leafHash) { tile in
            full.append((TilePlace(.hashes(level: tile.level), index: tile.index), tile.bytes))
            if tile.level == 0 { full.append((TilePlace(.entries, index: tile.index), bundle)) }
        }
        if !full.isEmpty { leaves.removeAll() }
        for (place, bytes) in full where (place.sizeNeeded ?? .max) <= size { compare(place, bytes) }
        if tree.size == size, let checkpoint, tree.root != checkpoint.root {
            findings.append(
                "\(directory.checkpoint): byte 0: the first \(size) changes of the log do not have its root")
        }
    }

    private mutating func compare(_ place: TilePlace, _ bytes: [UInt8]) {
        let path = files.path(place)
        guard let found = (try? File.contents(path)) ?? nil else {
            return findings.append("\(path): missing")
        }
        guard found != bytes else { return }
        let same = zip(found, bytes).prefix { $0 == $1 }.count
        findings.append("\(path): byte \(same): it does not fit the changes")
    }

    /// Looks for files under `log/tile` that no tree of this log has. `isRunning`: a daemon may be writing the next.
    mutating func finish(isRunning: Bool) throws {
        if size == 0, let checkpoint, checkpoint.root != TreeHash.empty {
            findings.append("\(directory.checkpoint): byte 0: the empty log does not have its root")
        }
        guard File.exists(directory.tiles) else { return }
        try walk(directory.tiles, [], isRunning)
    }

    private mutating func walk(_ folder: String, _ parts: [Substring], _ isRunning: Bool) throws {
        for name in try DirectoryListing.names(folder) {
            let path = "\(folder)/\(name)"
            if (try? DirectoryListing.names(path)) != nil {
                try walk(path, parts + [Substring(name)], isRunning)
                continue
            }
            guard let place = TilePlace(parts: parts + [Substring(name)]), place.isFull,
                isRunning || (place.sizeNeeded ?? .max) <= max(size, tree.size)
            else {
                findings.append("\(path): does not belong here")
                continue
            }
        }
    }
}
