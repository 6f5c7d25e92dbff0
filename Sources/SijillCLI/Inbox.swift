import Glibc
import SijillFiles
import SijillFormat

/// A file that is being written where no one takes it for whole, under a name that begins with a dot.
struct DroppedFile {
    private let directory: String
    private let temporary: String
    private let file: File
    private var length: UInt64 = 0
    private var digest: DigestBuilder? = DigestBuilder()

    /// Makes the temporary file in `directory`.
    init(directory: String, name: String) throws {
        self.directory = directory
        // Not made from the name, which may have as many bytes as a name can.
        temporary = "\(directory)/.add-\(Epoch.random())\(Epoch.random())"
        file = try File(temporary, .replace(permissions: 0o640))
    }

    mutating func write(_ bytes: [UInt8]) throws(SystemError) {
        try file.write(bytes.span, at: length)
        length += UInt64(bytes.count)
        digest?.add(bytes)
    }

    /// Makes the bytes durable and gives the file its name; false, with the file still to be published or discarded,
    /// when that name is taken.
    func publish(as name: String) throws(SystemError) -> Bool {
        try file.synchronize()
        return try Durable.publish(temporary, as: "\(directory)/\(name)")
    }

    /// SHA-256 of what was written. Can be asked once.
    mutating func finishDigest() -> Digest { digest.take()!.finish() }

    /// The file's number, which stays through renames.
    func inode() throws(SystemError) -> UInt64 {
        var status = stat()
        try system("fstat", temporary) { fstat(file.descriptor, &status) }
        return UInt64(status.st_ino)
    }

    /// Removes what was written so far.
    func discard() { try? Durable.remove(temporary) }
}

/// The folder that a daemon takes files from.
struct Inbox {
    /// The folder that files are put into: that of the source, or the inbox itself.
    let directory: String
    /// The source as changes name it.
    let source: String

    /// Finds the inbox, and makes the folder of the source when it is not there.
    ///
    /// - Throws: `SijillError` with `.configuration` when there is no inbox, `.usage` for a source that can be no
    ///   folder; `SystemError`.
    init(inbox: String?, data: String?, source: String?) throws {
        let root = Self.path(inbox: inbox, data: data)
        var status = stat()
        guard stat(root, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            throw SijillError(
                .configuration, "there is no inbox at \(root)",
                remedy: "name it with --inbox DIR or --data DIR")
        }
        self.source = source ?? "default"
        guard let source, source != "default" else {
            directory = root
            return
        }
        guard !source.isEmpty, !source.hasPrefix("."), !source.contains("/") else {
            throw SijillError(
                .usage, "'\(source)' can be no source",
                remedy: "a source is a folder's name, without '/' or a dot in front")
        }
        directory = "\(root)/\(source)"
        try Durable.createDirectory(directory, permissions: 0o770)
    }

    /// --inbox, else --data, else SIJILL_INBOX, else ./var/inbox when it is there, else that of the system.
    private static func path(inbox: String?, data: String?) -> String {
        if let inbox { return inbox }
        if let data { return DataDirectory(data).inbox }
        if let inbox = environment("SIJILL_INBOX") { return inbox }
        return File.exists("./var/inbox") ? "./var/inbox" : "/var/lib/sijill/inbox"
    }

    /// Copies a file in. Nothing in the inbox is overwritten: a name that is taken gets a number.
    ///
    /// The file appears under its name only when it is whole and durable.
    /// - Parameter progress: told the bytes of each piece that was copied.
    func add(_ path: String, progress: (Int) -> Void) throws -> Drop {
        let original = try File(path, .read)
        let wanted = split(path: path).name
        var copy = try DroppedFile(directory: directory, name: wanted)
        do {
            var offset: UInt64 = 0
            while true {
                let piece = try original.read(at: offset, count: 1 << 20)
                if piece.isEmpty { break }
                try copy.write(piece)
                offset += UInt64(piece.count)
                progress(piece.count)
            }
            let inode = try copy.inode()
            var number = 1
            var name = wanted
            while try !copy.publish(as: name) {
                number += 1
                name = Self.numbered(wanted, number)
            }
            return Drop(
                path: path, name: name, source: source, place: "\(directory)/\(name)", bytes: offset,
                digest: copy.finishDigest(), inode: inode)
        } catch {
            copy.discard()
            throw error
        }
    }

    /// `report-2.txt`, `page-2.txt.gz`; the number stands before the extension, which says what the file is. A name
    /// that would be too long loses bytes at its end.
    static func numbered(_ name: String, _ number: Int) -> String {
        var stem = Substring(name)
        var ending = ""
        for _ in 0..<(name.hasSuffix(".gz") ? 2 : 1) {
            guard let dot = stem.lastIndex(of: "."), dot != stem.startIndex else { break }
            ending = stem[dot...] + ending
            stem = stem[..<dot]
        }
        let suffix = "-\(number)\(ending)"
        while !stem.isEmpty, stem.utf8.count + suffix.utf8.count > Limits.nameBytesMax { stem.removeLast() }
        return stem + suffix
    }
}

/// A file that was put into the inbox.
struct Drop {
    /// The path it was copied from.
    let path: String
    /// Its name in the inbox.
    let name: String
    let source: String
    /// Its path in the inbox.
    let place: String
    let bytes: UInt64
    let digest: Digest
    let inode: UInt64
}
