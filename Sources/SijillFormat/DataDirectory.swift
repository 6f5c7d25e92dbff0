/// The names of everything in a data directory (DESIGN §4), as paths below its root.
package struct DataDirectory: Hashable, Sendable {
    /// Path of the directory, without a slash at its end.
    package let root: String
    /// Where the secret key is when it is kept elsewhere (`log.key`); the daemon never writes it there.
    package var keyElsewhere: String?

    package init(_ root: String) {
        var trimmed = Substring(root)
        while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
        self.root = String(trimmed)
    }

    package var inbox: String { root + "/inbox" }
    package var quarantine: String { root + "/quarantine" }
    package var log: String { root + "/log" }
    package var originals: String { root + "/originals" }
    /// Files that were taken in, with `inbox.after: keep`.
    package var done: String { root + "/done" }
    /// What is being parsed now.
    package var hand: String { root + "/in-hand" }
    package var store: String { root + "/sijill.sqlite" }
    /// Named consumers and what they have acknowledged.
    package var consumers: String { root + "/consumers.sqlite" }
    package var control: String { root + "/control" }
    package var lock: String { root + "/lock" }
    /// Where the scrub is, and what it found.
    package var scrub: String { root + "/scrub" }
    package var state: String { log + "/state" }
    /// Sequences whose files have gone since `state` was written.
    package var removals: String { log + "/removals" }
    /// The signed tree head that is shown (contract: evidence).
    package var checkpoint: String { log + "/checkpoint" }
    /// Logs that were damaged and put aside.
    package var lost: String { root + "/lost" }
    /// Is there while an erasure is going on: the next start finishes it.
    package var erasing: String { log + "/erasing" }
    /// Full tiles and bundles, under the paths they are served at.
    package var tiles: String { log + "/tile" }
    /// In a mirror: what `sijill mirror` knows of its source from before, as `sijill verify` keeps it of a server.
    package var verified: String { root + "/verified" }
    /// The secret key of the log, mode 0600.
    package var signingKey: String { keyElsewhere ?? root + "/signing.key" }
    /// Space set aside for a start or a stop on a full disk.
    package var reserve: String { log + "/reserve" }

    package func segment(_ first: SequenceNumber) -> String { path(log, first, "ndjson") }
    package func index(_ first: SequenceNumber) -> String { path(log, first, "index") }
    package func originals(_ first: SequenceNumber) -> String { path(originals, first, "warc") }
    package func originalsIndex(_ first: SequenceNumber) -> String { path(originals, first, "index") }

    /// The first sequence in the name of a numbered file; nil when the name is not `<20 digits>.<kind>`.
    package static func first(of name: String, kind: String) -> SequenceNumber? {
        let digits = name.utf8.prefix(20)
        guard digits.count == 20, name.dropFirst(20) == ".\(kind)", let value = Decimal.value(digits),
            value > 0
        else {
            return nil
        }
        return SequenceNumber(value)
    }

    private func path(_ folder: String, _ first: SequenceNumber, _ kind: String) -> String {
        "\(folder)/\(Decimal.padded(first.value, width: 20)).\(kind)"
    }

    /// The name that a taken file has while it is being removed.
    package static func removalName(_ sequence: SequenceNumber) -> String { ".sijill-\(sequence.value)" }

    /// The sequence in such a name; nil for any other name.
    package static func sequence(ofRemovalName name: some StringProtocol) -> SequenceNumber? {
        let prefix = ".sijill-"
        guard name.hasPrefix(prefix), let value = Decimal.value(name.utf8.dropFirst(prefix.utf8.count)),
            value > 0, String(value) == name.dropFirst(prefix.count)
        else { return nil }
        return SequenceNumber(value)
    }
}
