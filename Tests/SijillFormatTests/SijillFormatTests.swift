import SijillFormat
import SijillTesting
import Testing

@Suite("Digests and names")
struct NameTests {
    @Test("A digest is SHA-256, and its hex form reads back")
    func digest() {
        let digest = Digest.of(Array("abc".utf8))
        #expect(digest.hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest(hex: digest.hexBytes) == digest)
        #expect(Digest(bytes: digest.data) == digest)
        #expect(Digest(hex: Array(digest.hex.uppercased().utf8)) == nil)
        #expect(Digest(bytes: digest.data.dropLast()) == nil)
    }

    @Test("Base 32 is that of RFC 4648, padded for WARC")
    func base32() {
        #expect(Base32.padded(Array("foobar".utf8)) == "MZXW6YTBOI======")
        #expect(Base32.padded(Digest.of([]).data).count == 56)
    }

    @Test("Base 64 writes and reads every length, and refuses what it did not write")
    func base64() {
        #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
        for length in 0..<20 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        for bad in ["Zg", "Zh==", "Z===", "Zm9v!A==", "===="] { #expect(Base64.decode(bad) == nil) }
    }

    @Test("An article id is `a` and 26 digits, in the order of its bytes, and reads back")
    func articleID() {
        for value in [0, 1, 31, UInt128.max, 0x0123_4567_89AB_CDEF_0011_2233_4455_6677] {
            let id = ArticleID(value)
            #expect(id.description.count == 27)
            #expect(ArticleID(id.description) == id)
        }
        #expect(ArticleID(5).description < ArticleID(6).description)
        for bad in [
            "", "a", "b00000000000000000000000000", "a0000000000000000000000000w",
            "a00000000000000000000000001",
        ] {
            #expect(ArticleID(bad) == nil, "\(bad)")
        }
    }

    @Test("A cursor is sixteen digits, a dash and an epoch, and nothing else")
    func cursor() {
        let cursor = Cursor("0000000000000042-k3f9a1c2")
        #expect(cursor?.sequence == SequenceNumber(42))
        #expect(cursor?.epoch.description == "k3f9a1c2")
        #expect(cursor?.description == "0000000000000042-k3f9a1c2")
        for bad in [
            "", "42", "42-k3f9a1c2", "0000000000000042-K3F9A1C2", "0000000000000042_k3f9a1c2",
            "0000000000000042-k3f9a1c", "+000000000000042-k3f9a1c2", "٠٠٠٠٠٠٠٠-k3f9a1c2",
        ] { #expect(Cursor(bad) == nil, "\(bad)") }
    }

    @Test("Epochs and log ids are random and well-formed")
    func random() {
        #expect(Set((0..<100).map { _ in Epoch.random().description }).count == 100)
        let log = LogID.random()
        #expect(LogID(urn: log.urn) == log)
    }

    @Test("Names of files in a data directory read back")
    func files() {
        let directory = DataDirectory("/data/")
        #expect(directory.segment(SequenceNumber(7)) == "/data/log/00000000000000000007.ndjson")
        #expect(DataDirectory.first(of: "00000000000000000007.ndjson", kind: "ndjson") == SequenceNumber(7))
        for bad in ["7.ndjson", "00000000000000000000.ndjson", "00000000000000000007.ndjson.tmp", "state"] {
            #expect(DataDirectory.first(of: bad, kind: "ndjson") == nil)
        }
        #expect(DataDirectory.sequence(ofRemovalName: ".sijill-12") == SequenceNumber(12))
        for bad in [".sijill-", ".sijill-0", ".sijill-012", ".sijill-1x", "sijill-1"] {
            #expect(DataDirectory.sequence(ofRemovalName: bad) == nil)
        }
    }
}

@Suite("Timestamps")
struct TimestampTests {
    @Test(
        "A moment is written to the millisecond and reads back",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_795_211_823_123, "2026-11-20T21:57:03.123Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ])
    func written(_ milliseconds: UInt64, _ text: String) {
        #expect(Timestamp(milliseconds: milliseconds).rfc3339 == text)
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test("Offsets are taken off, and parts of a millisecond round up")
    func offsets() {
        #expect(Timestamp(rfc3339: "1970-01-01T03:00:00+03:00")?.milliseconds == 0)
        #expect(Timestamp(rfc3339: "1969-12-31T21:30:00.5-02:30")?.milliseconds == 500)
        #expect(Timestamp(rfc3339: "1970-01-01T00:00:00.0000001Z")?.milliseconds == 1)
    }

    @Test(
        "What is no RFC 3339 moment is refused",
        arguments: [
            "", "2026-11-20", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z", "2026-11-20T24:00:00Z",
            "2026-11-20T21:57:03",
            "2026-11-20 21:57:03Z", "2026-11-20T21:57:03.Z", "1960-01-01T00:00:00Z",
            "2026-11-20T21:57:03.123Zx",
        ])
    func refused(_ text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }
}
