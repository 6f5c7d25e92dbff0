import SijillFormat

/// What had been taken before the daemon ended, and whose files may still lie in the inbox: decides which found files
/// are already taken, so that a kill never makes a second change (DESIGN §6, Removal).
///
/// A found file is already taken iff inode and digest, and in a file of many records the record's place, are those
/// of an open change. Of two names of one file, the change belongs to the one it names.
package struct Resumption: Sendable {
    /// What had been taken of a file of many records.
    package struct Begun: Hashable, Sendable {
        package let name: String
        package let source: String
        package fileprivate(set) var sequences = SequenceRanges()
        /// The record that lies furthest behind; reading goes on after it.
        package fileprivate(set) var last: OpenChange
        package fileprivate(set) var rejected: [OpenChange] = []
        /// Whether one of its records was a text that is kept.
        package fileprivate(set) var keepsText = false

        package init(
            name: String, source: String, sequences: SequenceRanges = SequenceRanges(), last: OpenChange,
            rejected: [OpenChange] = []
        ) {
            self.name = name
            self.source = source
            self.sequences = sequences
            self.last = last
            self.rejected = rejected
        }
    }

    private struct Left: Sendable {
        var wholes: [OpenChange] = []
        var begun: [Begun] = []
        /// Names under which a scan saw the inode.
        var names: Set<FoundName> = []

        func isFound(_ file: FileRecord) -> Bool {
            names.contains(FoundName(name: file.name, source: file.source))
        }
    }

    private struct FoundName: Hashable, Sendable {
        let name: String
        let source: String
    }

    private var files: [UInt64: Left] = [:]

    package init(_ open: [OpenChange] = []) {
        for change in open { insert(change) }
    }

    package var isEmpty: Bool { files.isEmpty }

    package mutating func insert(_ change: OpenChange) {
        var left = files[change.file.inode] ?? Left()
        if change.file.offset == nil {
            left.wholes.append(change)
        } else {
            Resumption.insert(change, into: &left.begun)
        }
        files[change.file.inode] = left
    }

    private static func insert(_ change: OpenChange, into begun: inout [Begun]) {
        let index =
            begun.firstIndex { $0.name == change.file.name && $0.source == change.file.source } ?? begun.count
        if index == begun.count {
            begun.append(Begun(name: change.file.name, source: change.file.source, last: change))
        }
        begun[index].sequences.insert(change.sequence)
        if change.reason != nil { begun[index].rejected.append(change) }
        if change.keepsText { begun[index].keepsText = true }
        if (change.file.offset ?? 0) > (begun[index].last.file.offset ?? 0) { begun[index].last = change }
    }

    /// Puts back what was taken of a file whose reading was broken off.
    package mutating func insert(_ begun: Begun, inode: UInt64) {
        files[inode, default: Left()].begun.append(begun)
    }

    /// A scan saw this inode under this name. To be told of every file before the first is asked for.
    package mutating func found(inode: UInt64, name: String, source: String) {
        files[inode]?.names.insert(FoundName(name: name, source: source))
    }

    /// Ends the start-up scan: removes and returns the changes whose files no scan saw.
    package mutating func takeVanished() -> SequenceRanges {
        var ranges = SequenceRanges()
        for (inode, left) in files where left.names.isEmpty {
            files[inode] = nil
            for sequence in left.wholes.map(\.sequence).sorted() { ranges.insert(sequence) }
            for range in left.begun.flatMap(\.sequences.ranges) { ranges.insert(range) }
        }
        return ranges
    }

    /// The open change that a whole file already has. It is taken out: it answers for one file only.
    package mutating func takeWhole(
        inode: UInt64, name: String, source: String, bytes: UInt64, sha256: Digest?
    ) -> OpenChange? {
        guard let left = files[inode] else { return nil }
        let fitting = left.wholes.indices.filter { index in
            let file = left.wholes[index].file
            // A change without a digest was rejected unread: its size is all that is known.
            return file.bytes == bytes && (file.sha256 == nil || sha256 == nil || file.sha256 == sha256)
        }
        guard
            let index = fitting.first(where: { left.wholes[$0].file.isNamed(name, source) })
                ?? fitting.first(where: { !left.isFound(left.wholes[$0].file) })
        else { return nil }
        let change = files[inode]?.wholes.remove(at: index)
        drop(inode)
        return change
    }

    /// What had been taken of a file of many records; taken out. Whether the record at `last` still has its digest
    /// is for the reader to find out; if not, the file is another one.
    package mutating func takeBegun(inode: UInt64, name: String, source: String) -> Begun? {
        guard let left = files[inode] else { return nil }
        guard
            let index = left.begun.firstIndex(where: { $0.name == name && $0.source == source })
                ?? left.begun.firstIndex(where: { !left.isFound($0.last.file) })
        else { return nil }
        let begun = files[inode]?.begun.remove(at: index)
        drop(inode)
        return begun
    }

    /// Removes and returns what is left of an inode: its file is gone, or is another one.
    package mutating func takeRest(inode: UInt64) -> SequenceRanges {
        var ranges = SequenceRanges()
        guard let left = files.removeValue(forKey: inode) else { return ranges }
        for sequence in left.wholes.map(\.sequence).sorted() { ranges.insert(sequence) }
        for range in left.begun.flatMap(\.sequences.ranges) { ranges.insert(range) }
        return ranges
    }

    private mutating func drop(_ inode: UInt64) {
        if let left = files[inode], left.wholes.isEmpty, left.begun.isEmpty { files[inode] = nil }
    }
}

extension FileRecord {
    fileprivate func isNamed(_ name: String, _ source: String) -> Bool {
        self.name == name && self.source == source
    }
}
