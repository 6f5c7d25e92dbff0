import SijillFiles
import SijillFormat

/// Delivered files that lie in the data directory beside the log: `done/` (`inbox.after: keep`) and quarantine.
struct KeptFiles {
    private let folders: [String]

    init(_ directory: DataDirectory) { folders = [directory.root + "/done", directory.quarantine] }

    /// Overwrites and removes every file whose bytes are one of `originals`; durable when it returns.
    func erase(_ originals: Set<Digest>) throws {
        for folder in folders where File.exists(folder) { try erase(in: folder, originals) }
    }

    /// Files of many records whose names are among `names`: a record in them was erased elsewhere, the file was not.
    func remaining(_ names: Set<String>) throws -> [String] {
        guard !names.isEmpty else { return [] }
        return try folders.filter { File.exists($0) }.flatMap { try files(in: $0) }.filter { path in
            names.contains { path.hasSuffix("/" + $0) }
        }
    }

    private func files(in folder: String) throws -> [String] {
        try DirectoryListing.names(folder).flatMap { name -> [String] in
            let path = "\(folder)/\(name)"
            if (try? DirectoryListing.names(path)) != nil { return try files(in: path) }
            return [path]
        }
    }

    private func erase(in folder: String, _ originals: Set<Digest>) throws {
        for path in try files(in: folder) {
            guard let bytes = try? File.contents(path), originals.contains(Digest.of(bytes)) else { continue }
            let file = try File(path, .write)
            try file.write([UInt8](repeating: 0x20, count: bytes.count).span, at: 0)
            try file.synchronize()
            try Durable.remove(path)
            try Durable.syncDirectory(Durable.parent(of: path))
        }
    }
}
