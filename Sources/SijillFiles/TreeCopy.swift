import Glibc

/// Copies every regular file below one folder to the same place below another, again and again: a file that has the
/// size and the mtime of its copy is left alone, as rsync does.
///
/// A copy is written beside its place, synced, given the mtime of its source, and renamed. Links and special files
/// are passed over; a file that goes away meanwhile is no error.
package struct TreeCopy: ~Copyable {
    /// Files that were copied, and their bytes.
    package private(set) var copiedCount = 0
    package private(set) var copiedBytes: UInt64 = 0
    /// Copies that were there already.
    package private(set) var unchangedCount = 0
    /// Copies whose source has gone, removed.
    package private(set) var removedCount = 0

    private let removesStrangers: Bool
    private static let pieceBytes = 1 << 20
    private static let temporaryName = Array(".sijill-copy".utf8)

    /// - Parameter removesStrangers: whether copies go when their source has gone.
    package init(removesStrangers: Bool) { self.removesStrangers = removesStrangers }

    /// Copies what is below `source` to `target`. O(files).
    package mutating func run(from source: DirectoryHandle, to target: DirectoryHandle) throws(SystemError) {
        try remove(Self.temporaryName, in: target)
        var isChanged = false
        let names = try source.names()
        for name in names {
            do throws(SystemError) {
                let status = try source.status(of: name)
                if status.kind == .directory {
                    try run(from: try source.openDirectory(name), to: try target.makeDirectory(name))
                } else if status.kind == .regular, try copy(name, status, from: source, to: target) {
                    isChanged = true
                }
            } catch {
                guard error.isNotFound else { throw error }
            }
        }
        if removesStrangers, try removeStrangers(keeping: Set(names), in: target) { isChanged = true }
        if isChanged { try target.sync() }
    }

    /// Whether there was anything to copy.
    private mutating func copy(
        _ name: NameBytes, _ status: FileStatus, from source: DirectoryHandle, to target: DirectoryHandle
    ) throws(SystemError) -> Bool {
        if let copy = try target.statusIfThere(name), copy.bytes == status.bytes,
            copy.modified == status.modified
        {
            unchangedCount += 1
            return false
        }
        let file = try source.openFile(name)
        let copy = try target.createFile(Self.temporaryName)
        var offset: UInt64 = 0
        while true {
            var piece: [UInt8] = []
            let count = try file.read(Self.pieceBytes, at: offset, into: &piece)
            if count == 0 { break }
            try copy.write(piece)
            offset += UInt64(count)
        }
        try copy.setModified(status.modified)
        try copy.sync()
        try remove(name, in: target)
        try target.rename(Self.temporaryName, as: name)
        copiedCount += 1
        copiedBytes += offset
        return true
    }

    private mutating func removeStrangers(keeping names: Set<NameBytes>, in target: DirectoryHandle)
        throws(SystemError) -> Bool
    {
        var isChanged = false
        for name in try target.names() where !names.contains(name) {
            guard let status = try target.statusIfThere(name) else { continue }
            if status.kind == .directory {
                let folder = try target.openDirectory(name)
                _ = try removeStrangers(keeping: [], in: folder)
                try target.removeDirectory(name)
            } else {
                try target.unlink(name)
                removedCount += 1
            }
            isChanged = true
        }
        return isChanged
    }

    private func remove(_ name: NameBytes, in folder: DirectoryHandle) throws(SystemError) {
        do throws(SystemError) { try folder.unlink(name) } catch { if !error.isNotFound { throw error } }
    }
}

extension DirectoryHandle {
    fileprivate func statusIfThere(_ name: NameBytes) throws(SystemError) -> FileStatus? {
        do throws(SystemError) { return try status(of: name) } catch {
            if error.isNotFound { return nil }
            throw error
        }
    }

    /// Removes an empty directory.
    fileprivate func removeDirectory(_ name: NameBytes) throws(SystemError) {
        let terminated = name + [0]
        let result = terminated.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                unlinkat(descriptor.number, $0.baseAddress!, AT_REMOVEDIR)  // not empty: it ends with a NUL
            }
        }
        if result != 0 { throw .last("rmdir", path(of: name)) }
    }
}

extension FileDescriptor {
    /// Sets the mtime to nanoseconds since 1970.
    package func setModified(_ nanoseconds: Int64) throws(SystemError) {
        try system("futimens", path) { setTimes(number, nanoseconds) }
    }
}

extension File {
    /// The mtime in nanoseconds since 1970.
    package func modified() throws(SystemError) -> Int64 {
        var status = stat()
        try system("fstat", path) { fstat(descriptor, &status) }
        return FileStatus(status).modified
    }

    /// Sets the mtime to nanoseconds since 1970.
    package func setModified(_ nanoseconds: Int64) throws(SystemError) {
        try system("futimens", path) { setTimes(descriptor, nanoseconds) }
    }
}

private func setTimes(_ descriptor: Int32, _ nanoseconds: Int64) -> Int32 {
    let time = timespec(
        tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    return futimens(descriptor, [time, time])
}
