import Crypto
import Foundation
import SijillFormat

/// The public half of a log's key (c2sp.org/signed-note, type 0x01: Ed25519).
package struct NoteVerifierKey: Hashable, Sendable, CustomStringConvertible {
    package let name: String
    /// The first four bytes of SHA-256(name ‖ \n ‖ 0x01 ‖ public key), big-endian.
    package let id: UInt32
    /// 32 bytes (RFC 8032).
    package let publicKey: [UInt8]

    static let type: UInt8 = 1

    init(name: String, publicKey: [UInt8]) {
        self.name = name
        self.publicKey = publicKey
        let digest = Digest.of(Array(name.utf8) + [0x0A, Self.type] + publicKey)
        id = UInt32(truncatingIfNeeded: digest.high >> 96)
    }

    /// `<name>+<8 hex>+<base64(0x01 ‖ public key)>`.
    package var description: String { "\(name)+\(Self.hex(id))+\(Base64.encode([Self.type] + publicKey))" }

    /// Reads what `description` writes; nil for anything else, an id that is not the key's included.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, Self.isName(String(parts[0])), let key = Base64.decode(String(parts[2])),
            key.count == 33, key[0] == Self.type
        else { return nil }
        self.init(name: String(parts[0]), publicKey: Array(key[1...]))
        guard description == text else { return nil }
    }

    /// Whether `signature`, 64 bytes, is this key's over `text`.
    func verifies(_ signature: [UInt8], of text: [UInt8]) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
        return key.isValidSignature(Data(signature), for: Data(text))
    }

    /// A key name is not empty and has neither white space, nor `+`, nor a control character.
    package static func isName(_ name: String) -> Bool {
        !name.isEmpty && name != "+" && !name.contains("+")
            && name.unicodeScalars.allSatisfy {
                !$0.properties.isWhitespace && $0.value >= 0x20 && $0.value != 0x7F
            }
    }

    static func hex(_ id: UInt32) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}

/// The secret half: what signs checkpoints. Its text is the file `signing.key`.
package struct NoteSigningKey: Sendable {
    package let verifier: NoteVerifierKey
    /// 32 bytes (RFC 8032): everything else follows from them.
    private let seed: [UInt8]

    /// A new key.
    package static func random(name: String) -> NoteSigningKey {
        let key = Curve25519.Signing.PrivateKey()
        return NoteSigningKey(name: name, seed: Array(key.rawRepresentation))!
    }

    /// Nil when `seed` has not 32 bytes or `name` is no key name.
    package init?(name: String, seed: [UInt8]) {
        guard NoteVerifierKey.isName(name), seed.count == 32,
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed)
        else { return nil }
        self.seed = seed
        verifier = NoteVerifierKey(name: name, publicKey: Array(key.publicKey.rawRepresentation))
    }

    /// `PRIVATE+KEY+<name>+<8 hex>+<base64(0x01 ‖ seed)>`, the form of golang.org/x/mod/sumdb/note.
    package var text: String {
        let id = NoteVerifierKey.hex(verifier.id)
        return "PRIVATE+KEY+\(verifier.name)+\(id)+\(Base64.encode([NoteVerifierKey.type] + seed))"
    }

    /// Reads what `text` is; nil for anything else. The id in it is checked, so no flipped bit goes unnoticed.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "+", maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == "PRIVATE", parts[1] == "KEY",
            let secret = Base64.decode(String(parts[4])), secret.count == 33,
            secret[0] == NoteVerifierKey.type
        else { return nil }
        self.init(name: String(parts[2]), seed: Array(secret[1...]))
        guard self.text == text else { return nil }
    }

    /// The signature line's bytes: key id, then 64 bytes of Ed25519 over `text`.
    func sign(_ text: [UInt8]) -> [UInt8] {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed),
            let signature = try? key.signature(for: Data(text))
        else { preconditionFailure("32 bytes are an Ed25519 key, and it signs everything") }
        return withUnsafeBytes(of: verifier.id.bigEndian) { Array($0) } + Array(signature)
    }
}
