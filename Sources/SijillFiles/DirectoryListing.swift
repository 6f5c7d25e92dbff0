import Glibc
import SijillFormat

/// The names in a directory of ours. (The inbox, whose names are bytes, is read through `DirectoryHandle`.)
package enum DirectoryListing {
    /// Names without `.` and `..`, sorted by bytes; bytes that are not UTF-8 become U+FFFD.
    package static func names(_ path: String) throws(SystemError) -> [String] {
        guard let directory = opendir(path) else { throw .last("opendir", path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
