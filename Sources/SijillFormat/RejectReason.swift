/// Why an input could not become an article: the closed list of the inbox contract (§3).
package enum RejectReason: String, CaseIterable, Hashable, Sendable {
    case empty
    case noText = "no-text"
    case binary
    case badUTF8 = "bad-utf8"
    case truncated
    case unknownEncoding = "unknown-encoding"
    case badJSON = "bad-json"
    case noArticleText = "no-article-text"
    case badField = "bad-field"
    case tooLarge = "too-large"
    case tooDeep = "too-deep"
    case bomb
    case unsupportedType = "unsupported-type"
    case unsupportedCompression = "unsupported-compression"
    case notRegular = "not-regular"
    case symlink
    case badSidecar = "bad-sidecar"
    case orphanSidecar = "orphan-sidecar"
    case missingSidecar = "missing-sidecar"
    case readError = "read-error"
    case crashLoop = "crash-loop"
}
