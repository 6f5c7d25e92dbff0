import Foundation

/// A directory of a test's own, removed with everything in it when the last reference goes.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory
            .appending(path: "sijill-\(UUID().uuidString.lowercased())").path()
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Path of something in the directory.
    package func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Copies everything in it to a new directory.
    package func copy() throws -> TemporaryDirectory {
        let other = try TemporaryDirectory()
        for name in try FileManager.default.contentsOfDirectory(atPath: path) {
            try FileManager.default.copyItem(atPath: self.path(name), toPath: other.path(name))
        }
        return other
    }
}
