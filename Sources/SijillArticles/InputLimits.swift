import SijillFormat

/// Limits of what is taken in (contract/inbox.md §5). What is over one of them is rejected, but authors, tags
/// and `extra`, which are cut and named in `cut`.
package struct InputLimits: Hashable, Sendable {
    /// Bytes of a file that is read as a whole: every format but JSONL.
    package var fileBytesMax = 64 << 20
    /// Bytes of a JSONL file, which is read line by line.
    package var jsonlBytesMax: UInt64 = 16 << 30
    /// Bytes of one line of a JSONL file, without its end.
    package var lineBytesMax = 8 << 20
    /// Bytes of one article's text as UTF-8.
    package var textBytesMax = 4 << 20
    /// How many times as big gzip may become unpacked, from `Gzip.ratioFreeBytes` on; at least 1.
    package var gzipRatioMax = 200
    /// Bytes that one gzip file may have unpacked.
    package var gzipOutBytesMax: UInt64 = 1 << 30
    /// Arrays and objects inside each other; from 1 to `jsonDepthLimit`.
    package var jsonDepthMax = 64
    /// Values and member names of one record; each costs memory while it is read.
    package var jsonValuesMax = 1 << 18
    /// Elements of an HTML page inside each other.
    package var htmlDepthMax = 1_024
    /// Elements of an HTML page; each costs memory while it is read.
    package var htmlElementsMax = 1 << 20
    /// Faults in the markup of an HTML page; they are mended, at a cost.
    package var htmlFaultsMax = 1 << 18
    /// Authors or tags of an article.
    package var listCountMax = Limits.listCountMax
    /// Bytes of `extra` as it is written.
    package var extraBytesMax = Limits.extraBytesMax

    /// The deepest that may be configured: what goes to `extra` must be readable in a change, which puts its
    /// own objects around it.
    package static let jsonDepthLimit = Limits.changeDepthMax - 8

    package init() {}
}
