import SijillFiles
import SijillFormat

/// One directory of the inbox, for as long as it is known. Never used again for another.
package struct DirectoryID: Hashable, Sendable {
    package let value: UInt32

    package init(_ value: UInt32) { self.value = value }

    /// The inbox itself.
    package static let root = DirectoryID(0)
}

/// A name in a directory of the inbox: what a producer replaces and renames, not the file that lies there now.
package struct FileKey: Hashable, Sendable {
    package let directory: DirectoryID
    package let name: NameBytes

    package init(_ directory: DirectoryID, _ name: NameBytes) {
        self.directory = directory
        self.name = name
    }
}

/// The directories of the inbox, each with the one above it.
package struct DirectoryTable: Sendable {
    package struct Directory: Sendable {
        package let parent: DirectoryID?
        package let name: NameBytes
        /// Relative to the inbox; empty for the inbox itself.
        package let path: [UInt8]
        /// 0 is the inbox itself.
        package let depth: Int
        /// Who delivers: the first-level folder, as text.
        package let source: String
        /// No watch could be had: it is scanned every few seconds instead.
        package var isPolled = false
        /// Leases mean nothing on its file system: two equal looks do (class E).
        package var hasNoLeases = false
    }

    private var directories: [DirectoryID: Directory]
    private var children: [DirectoryID: [NameBytes: DirectoryID]] = [:]
    private var nextID: UInt32 = 1

    package init() {
        let root = Directory(parent: nil, name: [], path: [], depth: 0, source: SijillIngest.defaultSource)
        directories = [.root: root]
    }

    package var count: Int { directories.count }
    package var ids: [DirectoryID] { Array(directories.keys) }

    package subscript(id: DirectoryID) -> Directory? { directories[id] }

    /// The path of a file below the inbox; nil when its directory has gone.
    package func path(of key: FileKey) -> [UInt8]? {
        guard let directory = directories[key.directory] else { return nil }
        return directory.path.isEmpty ? key.name : directory.path + [UInt8(ascii: "/")] + key.name
    }

    package func child(of parent: DirectoryID, named name: NameBytes) -> DirectoryID? {
        children[parent]?[name]
    }

    package func children(of parent: DirectoryID) -> [(name: NameBytes, id: DirectoryID)] {
        (children[parent] ?? [:]).map { ($0.key, $0.value) }
    }

    /// Adds a directory; nil when it is known, or its parent is not.
    mutating func add(_ name: NameBytes, in parent: DirectoryID) -> DirectoryID? {
        guard let above = directories[parent], children[parent]?[name] == nil else { return nil }
        let id = DirectoryID(nextID)
        nextID += 1
        let path = above.path.isEmpty ? name : above.path + [UInt8(ascii: "/")] + name
        let source = above.depth == 0 ? String(decoding: name, as: UTF8.self) : above.source
        directories[id] = Directory(
            parent: parent, name: name, path: path, depth: above.depth + 1, source: source)
        children[parent, default: [:]][name] = id
        return id
    }

    /// Forgets a directory and all below; returns them. The inbox itself is never forgotten.
    mutating func remove(_ id: DirectoryID) -> [DirectoryID] {
        guard id != .root, let directory = directories[id] else { return [] }
        if let parent = directory.parent { children[parent]?[directory.name] = nil }
        var removed: [DirectoryID] = []
        var waiting = [id]
        while let next = waiting.popLast() {
            directories[next] = nil
            waiting.append(contentsOf: (children.removeValue(forKey: next) ?? [:]).values)
            removed.append(next)
        }
        return removed
    }

    mutating func set(_ id: DirectoryID, isPolled: Bool, hasNoLeases: Bool) {
        directories[id]?.isPolled = isPolled
        directories[id]?.hasNoLeases = hasNoLeases
    }
}
