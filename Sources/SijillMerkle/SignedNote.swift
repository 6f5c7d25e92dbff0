import SijillFormat

/// Text with signatures (c2sp.org/signed-note).
package struct SignedNote: Hashable, Sendable {
    package struct Signature: Hashable, Sendable {
        package let name: String
        package let keyID: UInt32
        package let bytes: [UInt8]
    }

    /// With the newline that ends it.
    package let text: [UInt8]
    package let signatures: [Signature]

    /// Bytes of a note that is read at all.
    package static let bytesMax = 1 << 20
    private static let signaturesMax = 100

    /// Signs `text`, which ends in a newline, with each key, the first one first.
    package static func sign(_ text: [UInt8], with keys: [NoteSigningKey]) -> [UInt8] {
        precondition(text.last == 0x0A && !keys.isEmpty, "a note ends in a newline and has a signature")
        var writer = ByteWriter(capacity: text.count + 160 * keys.count)
        writer.append(text)
        writer.byte("\n")
        for key in keys {
            writer.append("\u{2014} \(key.verifier.name) \(Base64.encode(key.sign(text)))\n")
        }
        return writer.bytes
    }

    /// Takes a note apart. No signature is checked: see `verified`.
    package init(_ bytes: [UInt8]) throws(EvidenceError) {
        guard bytes.count <= Self.bytesMax else { throw EvidenceError("the note is over a mebibyte") }
        guard (try? UTF8Span(validating: bytes.span)) != nil else {
            throw EvidenceError("the note is not UTF-8")
        }
        guard bytes.allSatisfy({ $0 >= 0x20 || $0 == 0x0A }) else {
            throw EvidenceError("the note has a control character")
        }
        guard bytes.last == 0x0A, let blank = Self.lastBlankLine(bytes) else {
            throw EvidenceError("the note has no signatures behind a blank line")
        }
        text = Array(bytes[...blank])
        var signatures: [Signature] = []
        for line in bytes[(blank + 2)...].dropLast().split(separator: 0x0A, omittingEmptySubsequences: false)
        {
            signatures.append(try Self.signature(line))
            guard signatures.count <= Self.signaturesMax else {
                throw EvidenceError("the note has over \(Self.signaturesMax) signatures")
            }
        }
        self.signatures = signatures
    }

    /// The keys among `keys` that have signed. A signature of a key that is not known is passed over.
    ///
    /// - Throws: `EvidenceError` when a known key's signature is wrong, or there is none of a known key.
    package func verified(by keys: [NoteVerifierKey]) throws(EvidenceError) -> [NoteVerifierKey] {
        var signers: [NoteVerifierKey] = []
        for signature in signatures {
            for key in keys where key.name == signature.name && key.id == signature.keyID {
                guard key.verifies(signature.bytes, of: text) else {
                    throw EvidenceError(
                        "the signature of \(key.name)+\(NoteVerifierKey.hex(key.id)) is wrong")
                }
                if !signers.contains(key) { signers.append(key) }
            }
        }
        guard !signers.isEmpty else { throw EvidenceError("no known key has signed the note") }
        return signers
    }

    /// Offset of the newline that ends the text, an empty line following it.
    private static func lastBlankLine(_ bytes: [UInt8]) -> Int? {
        var position = bytes.count - 2
        while position > 0 {
            if bytes[position] == 0x0A, bytes[position - 1] == 0x0A {
                return position < bytes.count - 1 ? position - 1 : nil
            }
            position -= 1
        }
        return nil
    }

    private static func signature(_ line: ArraySlice<UInt8>) throws(EvidenceError) -> Signature {
        let parts = line.split(separator: 0x20, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard parts.count == 3, parts[0] == "\u{2014}", NoteVerifierKey.isName(parts[1]),
            let bytes = Base64.decode(parts[2]), bytes.count > 4
        else { throw EvidenceError("a signature line is not '\u{2014} NAME BASE64'") }
        let id = bytes[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Signature(name: parts[1], keyID: id, bytes: Array(bytes[4...]))
    }
}
