import Foundation
import SijillFiles
import SijillFormat
import SijillTesting

@testable import SijillLog

/// A log in a temporary directory, with changes made from a seed.
struct LogFixture {
    let folder: TemporaryDirectory
    var directory: DataDirectory { DataDirectory(folder.path) }
    private var maker: ArticleMaker
    private var inode: UInt64 = 100

    init(folder: TemporaryDirectory? = nil, seed: UInt64 = 1) throws {
        self.folder = try folder ?? TemporaryDirectory()
        maker = ArticleMaker(seed: seed)
    }

    static let time = Timestamp(rfc3339: "2026-11-20T21:57:03.123Z")!

    /// An article that was not there before, with its bytes.
    mutating func added(words: Int = 30) -> ChangeLog.Entry {
        let content = maker.content(words: words)
        let encoded = EncodedContent(content)
        let bytes = content.text!
        let digest = Digest.of(bytes)
        let digests = ArticleDigests(
            canonical: CanonicalDigest(version: .c0, digest: digest), text: digest, content: encoded.digest)
        let article = ArticleID(digest.high)
        var added = Added(
            article: article, file: file(bytes), digests: digests, words: words, cluster: article)
        let mates = inode % 2 == 0 ? [mate(of: &added.file)] : []
        return ChangeLog.Entry(
            record: .added(added), content: content, encoded: encoded, original: bytes, mates: mates)
    }

    /// A sidecar that comes with the file; its bytes.
    private func mate(of file: inout FileRecord) -> [UInt8] {
        let bytes = Array(#"{"url":"https://مثال.example/\#(file.inode)"}"#.utf8)
        file.mates = [
            Mate(
                kind: .sidecar, name: file.name + ".meta.json", bytes: UInt64(bytes.count),
                sha256: Digest.of(bytes), isKept: true)
        ]
        return bytes
    }

    mutating func rejected() -> ChangeLog.Entry {
        let rejected = Rejected(file: file([1, 2, 3]), reason: .binary, detail: "NUL at byte 1")
        return ChangeLog.Entry(record: .rejected(rejected), content: Content(), encoded: .none, original: nil)
    }

    /// The same bytes as an earlier change again.
    mutating func duplicated(of change: Change) -> ChangeLog.Entry {
        let content = change.content.withoutText
        let encoded = EncodedContent(content)
        var digests = change.record.digests!
        digests.content = encoded.digest
        var duplicated = Duplicated(
            article: change.record.article!, of: change.cursor, match: .raw, revision: 1, file: file([9]),
            digests: digests)
        let mates = inode % 3 == 0 ? [mate(of: &duplicated.file)] : []
        return ChangeLog.Entry(
            record: .duplicated(duplicated), content: content, encoded: encoded, original: nil, mates: mates)
    }

    private mutating func file(_ bytes: [UInt8]) -> FileRecord {
        inode += 1
        return FileRecord(
            name: "ملف \(inode).txt", source: "default", bytes: UInt64(bytes.count), sha256: Digest.of(bytes),
            encoding: "utf-8", format: "text", inode: inode)
    }

    func open() throws -> ChangeLog { try ChangeLog(directory) }

    /// A log with some committed batches and a state that is behind by `behind` of them, as kill -9 leaves it.
    mutating func crashed(batches: Int = 4, behind: Int = 2) throws -> [Change] {
        let log = try open()
        var changes: [Change] = []
        for batch in 0..<batches {
            var entries = [added(), rejected(), added(words: 12)]
            if let last = changes.last(where: { $0.record.type == .added }) {
                entries.append(duplicated(of: last))
            }
            changes += try log.commit(entries, now: Self.time)
            if batch == batches - behind - 1 { try log.writeState() }
        }
        return changes
    }

    /// All lines of all segments, in order.
    func lines() throws -> [UInt8] {
        try DirectoryListing.names(directory.log).filter { $0.hasSuffix(".ndjson") }
            .flatMap { try File.contents("\(directory.log)/\($0)")! }
    }

    func bytes(_ path: String) throws -> [UInt8] { try File.contents(path)! }

    func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }
}

func encoded(_ changes: [Change]) -> [UInt8] { changes.flatMap { $0.encoded().line } }
