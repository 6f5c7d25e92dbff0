import SijillFiles

/// Names that are left alone: what programs call a file that is not finished, and what file managers leave behind
/// (contract: inbox §2). ASCII letters count in either case.
package enum IgnoredNames {
    private static let endings = [
        "~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".opdownload",
        ".swp",
        ".lock", ".writing",
    ].map { Array($0.utf8) }
    private static let files = ["thumbs.db", "desktop.ini"].map { Array($0.utf8) }
    private static let directories = ["lost+found", "@eadir", "__macosx", ".stfolder", ".stversions"]
        .map { Array($0.utf8) }

    package static func isIgnored(file name: NameBytes) -> Bool {
        guard let first = name.first, let last = name.last else { return true }
        if first == UInt8(ascii: ".") || first == UInt8(ascii: "~") { return true }
        if first == UInt8(ascii: "#"), last == UInt8(ascii: "#"), name.count > 1 { return true }
        return files.contains { equals(name[...], $0) }
            || endings.contains { name.count >= $0.count && equals(name.suffix($0.count), $0) }
    }

    /// Names of directories that are not entered. A name that begins with a point is one of them.
    package static func isIgnored(directory name: NameBytes) -> Bool {
        guard let first = name.first else { return true }
        return first == UInt8(ascii: ".") || directories.contains { equals(name[...], $0) }
    }

    private static func equals(_ name: ArraySlice<UInt8>, _ lowerCase: [UInt8]) -> Bool {
        name.count == lowerCase.count
            && zip(name, lowerCase).allSatisfy { byte, wanted in
                byte == wanted || (byte >= 0x41 && byte <= 0x5A && byte | 0x20 == wanted)
            }
    }
}
