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
        /// What came with it and lies beside it.
        package let mates: [NameBytes]

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
            var found: [Item] = []
            for name in names
            where !name.ends(with: Quarantine.reasonEnding) && name.first != UInt8(ascii: ".") {
                found.append(try item(name, reason: reason, in: folder))
            }
            let mates = Set(found.flatMap(\.mates))
            items += found.filter { !mates.contains($0.name) }
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
        // The mates first: a file must not be read without them.
        for mate in item.mates {
            let ending = mate.dropFirst(item.name.count)
            let isNamedAfter = mate.starts(with: item.name) && !ending.isEmpty
            try folder.moveIfThere(mate, to: target, as: isNamedAfter ? name + ending : mate)
        }
        let placed = try place(name) { name throws(SystemError) in
            try folder.move(item.name, to: target, as: name)
        }
        try removeReport(of: item, in: folder)
        return [String(decoding: placed, as: UTF8.self)]
    }

    /// Removes a file, or the records, for good.
    package func purge(_ item: Item) throws(SystemError) {
        guard let folder = try folder(item.reason) else { return }
        for mate in item.mates { try folder.unlinkIfThere(mate) }
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
            return Item(
                reason: reason, name: name, report: lines.last, recordCount: lines.count, mates: [])
        }
        let report = try? folder.openFile(name + Quarantine.reasonEnding).readAll(
            expected: 1_024, limit: 1 << 20)
        let value = report.flatMap { try? JSONParser.parse($0) }
        return Item(
            reason: reason, name: name, report: value, recordCount: nil,
            mates: value.map(Self.mates) ?? [])
    }

    private static func mates(in report: JSONValue) -> [NameBytes] {
        guard case .array(let elements)? = report["mates"] else { return [] }
        return elements.compactMap { element in
            let name =
                element["name"]?.text.map { Array($0.utf8) }
                ?? element["name_b64"]?.text.flatMap(Base64.decode)
            return name.flatMap { $0.contains(UInt8(ascii: "/")) || $0.contains(0) ? nil : $0 }
        }
    }

    /// How many files, and files of records, lie there for each reason. O(names).
    package func counts() throws(SystemError) -> [String: Int] {
        var counts: [String: Int] = [:]
        for reason in RejectReason.allCases.map(\.rawValue) {
            guard let folder = try folder(reason) else { continue }
            // Each has a report or is one of records; mates have neither.
            counts[reason] = try folder.names().count {
                $0.ends(with: Quarantine.reasonEnding) || $0.ends(with: Quarantine.rejectsEnding)
            }
        }
        return counts
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
        try folder.unlinkIfThere(item.name + Quarantine.reasonEnding)
        try folder.sync()
    }
}

extension DirectoryHandle {
    fileprivate func unlinkIfThere(_ name: NameBytes) throws(SystemError) {
        do throws(SystemError) { try unlink(name) } catch { if !error.isNotFound { throw error } }
    }

    fileprivate func moveIfThere(
        _ name: NameBytes, to target: DirectoryHandle, as newName: NameBytes
    ) throws(SystemError) {
        do throws(SystemError) {
            try move(name, to: target, as: newName)
        } catch {
            if !error.isNotFound { throw error }
        }
    }
}

extension [UInt8] {
    func ends(with ending: [UInt8]) -> Bool { suffix(ending.count).elementsEqual(ending) }
}
