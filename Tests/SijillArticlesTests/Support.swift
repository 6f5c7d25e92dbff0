import Foundation
import SijillFormat
import Testing

@testable import SijillArticles

/// A text of Tests/Fixtures/articles.
func fixture(_ name: String) throws -> [UInt8] {
    let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return Array(try Data(contentsOf: tests.appending(path: "Fixtures/articles/\(name)")))
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

let reader = ArticleReader()

/// The content of one JSON object.
func content(_ json: String, limits: InputLimits = InputLimits()) throws -> Content {
    try ArticleReader(limits: limits).draft(bytes(json), format: .json).content
}

/// The rejection of an input; nil when it is taken in.
func rejection(_ input: [UInt8], _ format: ArticleFormat, limits: InputLimits = InputLimits()) -> Rejection? {
    do throws(Rejection) {
        _ = try ArticleReader(limits: limits).draft(input, format: format)
        return nil
    } catch {
        return error
    }
}

/// `extra` as it is written.
func extra(_ content: Content) -> String {
    var writer = ByteWriter()
    writer.json(.object(content.extra))
    return String(decoding: writer.bytes, as: UTF8.self)
}

extension Content {
    var textString: String? { text.map { String(decoding: $0, as: UTF8.self) } }
}

/// The whole text of a page, before anything is cleaned.
func decoded(_ input: [UInt8]) throws -> String {
    let text = try InputText(input, depthMax: nil)
    return String(decoding: text.bytes[text.range], as: UTF8.self)
}
