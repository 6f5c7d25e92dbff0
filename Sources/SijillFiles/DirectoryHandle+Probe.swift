extension DirectoryHandle {
    private static let probeName = Array(".sijill-probe".utf8)
    private static let renamedName = Array(".sijill-probed".utf8)

    /// Makes a file, renames it and removes it: what the daemon does in each of its directories all the time.
    ///
    /// - Throws: `SystemError` of the step that does not work there. A disk without space is none: that passes.
    package func probe() throws(SystemError) {
        // What a kill in between has left.
        for name in [Self.probeName, Self.renamedName] {
            do throws(SystemError) { try unlink(name) } catch { if !error.isNotFound { throw error } }
        }
        do throws(SystemError) {
            _ = try createFile(Self.probeName)
            try rename(Self.probeName, as: Self.renamedName)
            try unlink(Self.renamedName)
        } catch {
            guard error.isOutOfSpace else { throw error }
        }
    }
}
