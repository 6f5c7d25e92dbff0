import Glibc
import SijillArticles
import SijillFiles
import SijillFormat

/// The mates of one file, read.
struct Mates: Sendable {
    struct Read: Sendable {
        let mate: Mate
        let bytes: [UInt8]
    }

    var taken: [TakenMate] = []
    /// The sidecar and the pair mate, in that order, as far as they could be read.
    var read: [Read] = []
    /// What was given as a sidecar or pair mate and is no regular file.
    var irregular: Mate.Kind?

    func records(isKept: Bool) -> [Mate] {
        read.map { read in
            var mate = read.mate
            mate.isKept = isKept
            return mate
        }
    }

    var bytes: [[UInt8]] { read.map(\.bytes) }
}

/// An intake result as an error.
struct NotTaken: Error {
    let value: IntakeResult
}

extension FileReader {
    /// Reads what belongs to a file, each asked for writers as the file itself is. A marker is only looked at.
    func readMates(of work: Work) throws(SystemError) -> Result<Mates, NotTaken> {
        var mates = Mates()
        for mate in work.handOut.mates {
            do throws(SystemError) {
                if let result = try read(mate, of: work, into: &mates) {
                    return .failure(NotTaken(value: result))
                }
            } catch {
                switch error.code {
                case ENOENT, ENOTDIR, ESTALE: return .failure(NotTaken(value: .mateVanished))
                case EACCES, EPERM, EMFILE, ENFILE, ENOMEM, EAGAIN: return .failure(NotTaken(value: .blocked))
                default: throw error
                }
            }
        }
        return .success(mates)
    }

    private func read(
        _ mate: MateKey, of work: Work, into mates: inout Mates
    ) throws(SystemError) -> IntakeResult? {
        let directory = try root.openDirectory(work.directoryPath)
        let name = mate.key.name
        let status = try directory.status(of: name)
        guard let kind = Mate.Kind(mate.kind), status.kind == .regular else {
            mates.taken.append(TakenMate(kind: mate.kind, name: name, status: status, sha256: nil))
            if let kind = Mate.Kind(mate.kind) { mates.irregular = kind }
            return nil
        }
        let descriptor = try directory.openFile(name)
        let opened = try descriptor.status()
        if work.handOut.asksForWriters, Lease.probe(descriptor) == .hasWriter { return .hasWriter }
        // Over the limit it is not kept in memory, and is refused by its size.
        let bytes = try descriptor.readAll(
            expected: Int(clamping: opened.bytes), limit: limits.lineBytesMax + 1)
        let isWhole = bytes.count <= limits.lineBytesMax
        guard opened.kind == .regular, try descriptor.status().isUnchanged(since: opened),
            !isWhole || UInt64(bytes.count) == opened.bytes
        else { return .changedWhileRead }
        let digest = isWhole ? Digest.of(bytes) : try descriptor.digest()
        mates.taken.append(TakenMate(kind: mate.kind, name: name, status: opened, sha256: digest))
        mates.read.append(
            Mates.Read(mate: Mate(kind, name, bytes: opened.bytes, sha256: digest), bytes: bytes))
        return nil
    }

    /// What is known of the file besides its bytes.
    ///
    /// - Throws: `bad-sidecar`; `truncated` for a mate that is cut and may yet be whole, which at the last reading is
    ///   `bad-sidecar` as well.
    func hints(_ mates: Mates, _ work: Work) throws(Rejection) -> InputHints {
        var hints = InputHints(encoding: sources[work.source].encoding)
        if let kind = mates.irregular {
            throw Rejection(.badSidecar, "the \(kind.rawValue) is no regular file; deliver it as one")
        }
        for read in mates.read {
            do throws(Rejection) {
                let fields = try articles.mate(read.bytes, kind: read.mate.kind)
                switch read.mate.kind {
                case .sidecar: hints.sidecar = fields
                case .pair: hints.pair = fields
                }
            } catch {
                if error.reason == .truncated, work.handOut.isLastReading {
                    throw Rejection(.badSidecar, "the \(read.mate.kind.rawValue) is cut: \(error.detail)")
                }
                throw error
            }
        }
        return hints
    }
}

extension Mate {
    init(_ kind: Kind, _ name: NameBytes, bytes: UInt64, sha256: Digest) {
        let text = String(validating: name, as: UTF8.self)
        self.init(
            kind: kind, name: text ?? String(decoding: name, as: UTF8.self),
            nameBytes: text == nil ? name : nil,
            bytes: bytes, sha256: sha256, isKept: false)
    }

    /// The name's bytes as they were.
    var nameOnDisk: NameBytes { nameBytes ?? Array(name.utf8) }
}

extension Mate.Kind {
    /// Nil for a marker, which says nothing but that it is there.
    init?(_ kind: MateKey.Kind) {
        switch kind {
        case .marker: return nil
        case .sidecar: self = .sidecar
        case .pair: self = .pair
        }
    }
}

extension TakenFile {
    /// The mates as a change names them.
    var mateRecords: [Mate] {
        mates.compactMap { mate in
            guard let kind = Mate.Kind(mate.kind), let digest = mate.sha256 else { return nil }
            return Mate(kind, mate.name, bytes: mate.status.bytes, sha256: digest)
        }
    }

    /// The same with only those mates that a change of before took: others came later.
    func with(only taken: [Mate]) -> TakenFile {
        var file = self
        file.mates = mates.filter { mate in
            mate.kind == .marker
                || taken.contains { $0.nameOnDisk == mate.name && $0.sha256 == mate.sha256 }
        }
        return file
    }
}

extension Rejection {
    static let crashLoop = Rejection(
        .crashLoop,
        "the daemon ended \(HandTable.endsMax) times in a row while it read this file alone; it is not read again"
    )
    static let keepsChanging = Rejection(
        .truncated, "the file changed under every reading; deliver it again when it is whole")

    /// Why a file is rejected that came without what belongs to it.
    static func refusal(_ reason: RejectReason) -> Rejection {
        if reason == .orphanSidecar {
            return Rejection(reason, "no file came for this sidecar; deliver both, the sidecar first")
        }
        return Rejection(
            reason,
            "the file came without its \(String(decoding: NameRole.sidecarEnding, as: UTF8.self)); "
                + "deliver both, the sidecar first")
    }
}
