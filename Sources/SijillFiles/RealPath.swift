import Glibc

/// The path of a file without symbolic links and dots (realpath(3)).
package enum RealPath {
    package static func of(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw .last("realpath", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
