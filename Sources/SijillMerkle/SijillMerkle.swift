/// What makes the log prove itself: RFC 6962 trees and the formats that carry them (contract: evidence).
///
/// Everything here is pure: hashes, paths, bytes of files and answers, and their checks. The tree writer is
/// SijillLog's, the routes are SijillFeed's, and the client library verifies with the same types.
///
/// | what | specification |
/// |---|---|
/// | tree, inclusion and consistency | RFC 6962 §2.1; the checks are those of RFC 9162 §2.1.3.2 and §2.1.4.2 |
/// | tiles and entry bundles | c2sp.org/tlog-tiles |
/// | checkpoints | c2sp.org/tlog-checkpoint |
/// | signed notes and their keys | c2sp.org/signed-note |
/// | proofs as files | c2sp.org/tlog-proof |
package enum SijillMerkle {
    /// Hashes of a full tile, and leaves of a full bundle.
    package static let tileWidth = 256
    /// Levels of the tree that one tile spans: 2^8 is its width.
    package static let tileHeight = 8
}

/// Why bytes are not what a specification says, in one sentence without a full stop.
package struct EvidenceError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
