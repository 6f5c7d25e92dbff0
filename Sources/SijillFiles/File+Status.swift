import Glibc

extension File {
    /// What the file system says about the file now.
    package func status() throws(SystemError) -> FileStatus {
        var status = stat()
        try system("fstat", path) { fstat(descriptor, &status) }
        return FileStatus(status)
    }
}
