import Glibc

extension DirectoryHandle {
    /// Renames into another directory; to another file system by copy, sync, rename and unlink. Fails with EEXIST
    /// where the new name is taken.
    package func move(
        _ name: NameBytes, to folder: DirectoryHandle, as newName: NameBytes
    ) throws(SystemError) {
        do throws(SystemError) {
            try rename(name, to: folder, as: newName)
        } catch {
            guard error.code == EXDEV else { throw error }
            try copy(name, to: folder, as: newName)
            try unlink(name)
        }
    }

    /// Of a link, a FIFO, a socket or a device there are no bytes to copy: it is passed over.
    private func copy(
        _ name: NameBytes, to folder: DirectoryHandle, as newName: NameBytes
    ) throws(SystemError) {
        guard try status(of: name).kind == .regular else { return }
        let source = try openFile(name)
        let temporary = Array(".sijill-copy".utf8)
        do throws(SystemError) { try folder.unlink(temporary) } catch { if !error.isNotFound { throw error } }
        let target = try folder.createFile(temporary)
        var offset: UInt64 = 0
        while true {
            var chunk: [UInt8] = []
            let count = try source.read(1 << 20, at: offset, into: &chunk)
            if count == 0 { break }
            try target.write(chunk)
            offset += UInt64(count)
        }
        try target.sync()
        try folder.rename(temporary, as: newName)
        try folder.sync()
    }
}
