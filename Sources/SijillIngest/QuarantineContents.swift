import Glibc
import SijillFiles
import SijillFormat

/// What lies in quarantine, for the commands that look after it. May be used while the daemon runs: everything is
/// done by renames.
package struct QuarantineContents {
    /// One rejected file, or the rejected records of files of one name.
    package struct Item: Sendable {
        package let reason: String
        /// Its name in the folder of its reason.
        package let name: NameBytes
        /// What `<name>.reason.json` says; for rejected records what their last line says. Nil when it cannot be read.
        package let report: JSONValue?
        /// Rejected records in the file; nil when it is a whole file.
        package let recordCount: Int?

        /// `<reason>/<name>`: what the commands take.
        package var id: String { "\(reason)/\(String(decoding: name, as: UTF8.self))" }
    }

    private let root: DirectoryHandle

    /// - Throws: `SystemError` when there is no quarantine at `path`.
    package init(path: String) throws(SystemError) { root = try DirectoryHandle(path: path) }

    /// Everything in it, by reason and name.
    package func items() throws(SystemError) -> [Item] {
        var items: [Item] = []
        for reason in RejectReason.allCases.map(\.rawValue).sorted() {
            guard let folder = try folder(reason) else { continue }
            let names = try folder.names().sorted { $0.lexicographicallyPrecedes($1) }
            for name in names
            where !name.ends(with: Quarantine.reasonEnding) && name.first != UInt8(ascii: ".") {
                items.append(try item(name, reason: reason, in: folder))
            }
        }
        return items
    }

    /// Puts a file, or the records, back into the inbox, where they are read again. Records go in as one new file of
    /// their source. A name that is taken there gets a number in front.
    ///
    /// - Returns: the names in the inbox.
    package func retry(_ item: Item, inbox: DirectoryHandle) throws -> [String] {
        guard let folder = try folder(item.reason) else { return [] }
        if item.recordCount != nil {
            let names = try retryRecords(item, in: folder, inbox: inbox)
            try folder.unlink(item.name)
            return names
        }
        let given = item.report?["name"]?.text.map { Array($0.utf8) }
        let name = given.flatMap { $0.contains(UInt8(ascii: "/")) ? nil : $0 } ?? item.name
        let target = try sourceFolder(item.report?["source"]?.text, in: inbox)
        let placed = try place(name) { name throws(SystemError) in
            try folder.move(item.name, to: target, as: name)
        }
        try removeReport(of: item, in: folder)
        return [String(decoding: placed, as: UTF8.self)]
    }

    /// Removes a file, or the records, for good.
    package func purge(_ item: Item) throws(SystemError) {
        guard let folder = try folder(item.reason) else { return }
        try folder.unlink(item.name)
        try removeReport(of: item, in: folder)
    }

    // MARK: -

    private func folder(_ reason: String) throws(SystemError) -> DirectoryHandle? {
        do throws(SystemError) {
            return try root.openDirectory(Array(reason.utf8))
        } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    private func item(_ name: NameBytes, reason: String, in folder: DirectoryHandle) throws(SystemError)
        -> Item
    {
        if name.ends(with: Quarantine.rejectsEnding) {
            let lines = try records(name, in: folder)
            return Item(reason: reason, name: name, report: lines.last, recordCount: lines.count)
        }
        let report = try? folder.openFile(name + Quarantine.reasonEnding).readAll(
            expected: 1_024, limit: 1 << 20)
        return Item(
            reason: reason, name: name, report: report.flatMap { try? JSONParser.parse($0) }, recordCount: nil
        )
    }

    private func records(_ name: NameBytes, in folder: DirectoryHandle) throws(SystemError) -> [JSONValue] {
        let file = try folder.openFile(name)
        let bytes = try file.readAll(expected: Int(try file.status().bytes), limit: .max - 1)
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { try? JSONParser.parse(Array($0)) }
    }

    private func retryRecords(
        _ item: Item, in folder: DirectoryHandle, inbox: DirectoryHandle
    ) throws -> [String] {
        var bySource: [String: [UInt8]] = [:]
        for record in try records(item.name, in: folder) {
            guard let bytes = Self.bytes(of: record) else {
                throw SijillError(
                    .inputOutput, "\(item.id.escapedForDisplay) holds a record without its bytes",
                    remedy:
                        "it was too large to be kept whole; take it from the original, then purge this one")
            }
            bySource[record["source"]?.text ?? SijillIngest.defaultSource, default: []] +=
                bytes + [UInt8(ascii: "\n")]
        }
        let stem =
            item.name.dropLast(Quarantine.rejectsEnding.count).split(separator: UInt8(ascii: ".")).first ?? []
        return try bySource.sorted { $0.key < $1.key }.map { source, bytes in
            let target = try sourceFolder(source, in: inbox)
            let temporary = Array(".retry".utf8)
            try? target.unlink(temporary)
            let file = try target.createFile(temporary)
            try file.write(bytes)
            try file.sync()
            let placed = try place(Array(stem) + Array(".retry.jsonl".utf8)) { name throws(SystemError) in
                try target.rename(temporary, as: name)
            }
            try target.sync()
            return String(decoding: placed, as: UTF8.self)
        }
    }

    private static func bytes(of record: JSONValue) -> [UInt8]? {
        if case .string(let raw)? = record["raw"] { return raw }
        return record["raw_b64"]?.text.flatMap(Base64.decode)
    }

    private func sourceFolder(_ source: String?, in inbox: DirectoryHandle) throws(SystemError)
        -> DirectoryHandle
    {
        guard let source, source != SijillIngest.defaultSource, !source.contains("/") else { return inbox }
        return try inbox.makeDirectory(Array(source.utf8))
    }

    /// Tries the name, then the name with a number in front, which keeps its ending.
    private func place(
        _ name: NameBytes, _ move: (NameBytes) throws(SystemError) -> Void
    ) throws(SystemError) -> NameBytes {
        var candidate = name
        var number = 1
        while true {
            do throws(SystemError) {
                try move(candidate)
                return candidate
            } catch {
                guard error.code == EEXIST, number < 10_000 else { throw error }
                candidate = Array("\(number)-".utf8) + name
                number += 1
            }
        }
    }

    private func removeReport(of item: Item, in folder: DirectoryHandle) throws(SystemError) {
        do throws(SystemError) {
            try folder.unlink(item.name + Quarantine.reasonEnding)
        } catch {
            if !error.isNotFound { throw error }
        }
        try folder.sync()
    }
}

extension [UInt8] {
    func ends(with ending: [UInt8]) -> Bool { suffix(ending.count).elementsEqual(ending) }
}
