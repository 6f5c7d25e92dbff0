import GRDB
import GRDBSQLite
import SijillText

/// The tokenizer of the search index, as FTS5 calls it (https://www.sqlite.org/fts5.html#custom_tokenizers).
///
/// Every connection that touches the index needs it, so all of ours get it from `SearchIndex.prepare`. A connection
/// without it reads every other table and view; the index is "no such tokenizer: sijill" to it.
///
/// An instance belongs to one connection and is called on its queue only.
final class ArticleTokenizer: FTS5CustomTokenizer {
    static let name = "sijill"

    private var tokenizer = SearchTokenizer()

    init(db: Database, arguments: [String]) throws {
        guard arguments.isEmpty else {
            throw DatabaseError(resultCode: .SQLITE_ERROR, message: "the tokenizer sijill takes no arguments")
        }
    }

    func tokenize(
        context: UnsafeMutableRawPointer?, tokenization: FTS5Tokenization, pText: UnsafePointer<CChar>?,
        nText: CInt, tokenCallback: @escaping FTS5TokenCallback
    ) -> CInt {
        guard let pText, nText > 0 else { return SQLITE_OK }
        // FTS5 keeps the text as it is until this call returns.
        let text = UnsafeRawBufferPointer(start: pText, count: Int(nText)).assumingMemoryBound(to: UInt8.self)
        var code = SQLITE_OK
        tokenizer.tokenize(text.span, for: Self.purpose(tokenization)) { token, source, isColocated in
            code = token.withUnsafeBytes { bytes in
                tokenCallback(
                    context, isColocated ? FTS5TokenFlags.colocated.rawValue : 0,
                    bytes.baseAddress?.assumingMemoryBound(to: CChar.self), CInt(bytes.count),
                    CInt(source.lowerBound), CInt(source.upperBound))
            }
            return code == SQLITE_OK
        }
        return code
    }

    private static func purpose(_ tokenization: FTS5Tokenization) -> SearchTokenizer.Purpose {
        if tokenization.contains(.prefix) { return .prefix }
        return tokenization.contains(.query) ? .query : .document
    }
}
