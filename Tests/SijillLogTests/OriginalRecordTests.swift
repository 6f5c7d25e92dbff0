import SijillFormat
import Testing

@testable import SijillLog

@Suite("The media type of an original")
struct OriginalRecordTests {
    private func type(_ name: String, _ format: String, offset: UInt64? = nil) -> String {
        OriginalRecord.contentType(
            of: FileRecord(
                name: name, source: "default", bytes: 1, sha256: Digest.of([0]), encoding: "windows-1256",
                format: format, inode: 1, line: offset.map { $0 + 1 }, offset: offset))
    }

    @Test("A whole file under a name that ends in .gz is gzip; a record of one was unpacked")
    func gzip() {
        #expect(type("خبر.txt.gz", "text") == "application/gzip")
        #expect(type("خبر.json.GZ", "json") == "application/gzip")
        #expect(type("خبر.jsonl.gz", "jsonl", offset: 0) == "application/json")
        #expect(type("خبر.json.gz", "json", offset: 9) == "application/json")
    }

    @Test("A page says its encoding")
    func page() {
        #expect(type("خبر.txt", "text") == "text/plain; charset=windows-1256")
        #expect(type("خبر.html", "html") == "text/html; charset=windows-1256")
    }
}
