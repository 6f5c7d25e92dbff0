import Foundation
import SijillFormat
import SijillTesting
import Testing

@testable import SijillLog

@Suite("Headers of originals")
struct OriginalHeaderTests {
    @Test("A header is the same for the same change, and holds nothing that could end it early")
    func header() throws {
        var fixture = try LogFixture()
        var entry = fixture.added()
        var content = entry.content
        content.url = "https://example.org/خبر\r\nX: y z"
        entry = ChangeLog.Entry(
            record: entry.record, content: content, encoded: EncodedContent(content), original: entry.original
        )
        let change = Change(
            cursor: Cursor("0000000000000007-abcdefgh")!, log: LogID("0123456789")!, time: LogFixture.time,
            record: entry.record, content: content)
        let header = String(decoding: OriginalRecord.header(of: change), as: UTF8.self)
        #expect(header == String(decoding: OriginalRecord.header(of: change), as: UTF8.self))
        #expect(
            header.contains("WARC-Target-URI: https://example.org/%D8%AE%D8%A8%D8%B1%0D%0AX:%20y%20z\r\n"))
        #expect(header.contains("WARC-Record-ID: <urn:sijill:0123456789:0000000000000007>\r\n"))
        #expect(header.hasSuffix("Content-Length: \(entry.original!.count)\r\n\r\n"))
        #expect(header.components(separatedBy: "\r\n").count == 10)
    }
}
