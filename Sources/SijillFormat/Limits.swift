/// Every limit of what is written, with its unit. Limits of what is taken in are configured (`config/sijilld.yaml`).
package enum Limits {
    /// Bytes of a leaf, the record part of a change: a tile bundle gives a leaf a 16-bit length.
    package static let leafBytesMax = 65_535
    /// Bytes of a file name on Linux (NAME_MAX).
    package static let nameBytesMax = 255
    package static let titleBytesMax = 4 << 10
    package static let urlBytesMax = 4 << 10
    package static let descriptionBytesMax = 8 << 10
    /// Bytes of any other short field: byline, publisher, section, license, a date.
    package static let fieldBytesMax = 1 << 10
    /// Bytes of `extra` as it is written.
    package static let extraBytesMax = 32 << 10
    /// Authors or tags of an article.
    package static let listCountMax = 256
    /// Entries of `removed` and of `warnings`.
    package static let notesCountMax = 64
    /// Passages, and numbers each way, that `changes` of a revision names.
    package static let revisionChangesMax = 256
    /// Bytes of a number that `changes` names.
    package static let numberBytesMax = 64
    /// Arrays and objects inside each other in a change: what an input may nest, and what the change puts around it.
    package static let changeDepthMax = 72
    /// Bytes of `detail` of a rejected input.
    package static let detailBytesMax = 512

    /// Bytes at which a segment is sealed and the next one begun.
    package static let segmentBytes = 64 << 20
    /// Changes in one batch.
    package static let batchChangesMax = 1_000
    /// Bytes of input in one batch.
    package static let batchBytesMax = 64 << 20
}
