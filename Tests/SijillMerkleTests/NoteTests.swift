import SijillFormat
import Testing

@testable import SijillMerkle

@Suite("Notes and checkpoints, against vectors of another implementation")
struct NoteTests {
    @Test("keys are read and written, their ids checked")
    func keys() {
        let vector = Vectors.all["key"]!
        let key = Vectors.key
        #expect(key.name == vector["origin_and_key_name"]!.text!)
        #expect(key.publicKey == vector["public_hex"]!.unhexed)
        #expect(NoteVerifierKey.hex(key.id) == vector["key_id_hex"]!.text!)
        #expect(key.description == vector["vkey"]!.text!)
        let secret = NoteSigningKey(name: key.name, seed: vector["seed_hex"]!.unhexed)!
        #expect(secret.text == vector["skey_go_note_format"]!.text!)
        #expect(secret.verifier == key)
        for text in [key.description, secret.text] {
            for (position, byte) in text.utf8.enumerated() {
                var wrong = Array(text.utf8)
                wrong[position] = byte ^ 1
                let flipped = String(decoding: wrong, as: UTF8.self)
                #expect(NoteVerifierKey(flipped) == nil, "byte \(position)")
                #expect(NoteSigningKey(flipped) == nil, "byte \(position)")
            }
        }
        for name in ["", "a b", "a+b", "a\u{a0}b", "a\nb"] { #expect(!NoteVerifierKey.isName(name)) }
    }

    @Test("checkpoints are written byte for byte as expected, and read again")
    func checkpoints() throws {
        for vector in Vectors.list("checkpoints") {
            let (checkpoint, signers) = try Checkpoint.verified(vector["note"]!.bytes, by: [Vectors.key])
            #expect(checkpoint.size == vector["size"]!.number)
            #expect(signers == [Vectors.key])
            #expect(checkpoint.body == vector["body"]!.bytes)
            // Ed25519 of this library is randomized: other bytes, as valid.
            let note = checkpoint.signed(with: [Vectors.signingKey])
            #expect(note.starts(with: vector["body"]!.bytes) && note.count == vector["note"]!.bytes.count)
            #expect(try Checkpoint.verified(note, by: [Vectors.key]).checkpoint == checkpoint)
        }
        for vector in Vectors.list("good_notes") {
            let checkpoint = try Checkpoint.verified(vector["note"]!.bytes, by: [Vectors.key]).checkpoint
            #expect(checkpoint.size == vector["size"]!.number, "\(vector["why"]!.text!)")
        }
    }

    @Test("the example of the specification verifies")
    func published() throws {
        let vector = Vectors.all["published"]!["c2sp_signed_note_example"]!
        let note = try SignedNote(vector["note"]!.bytes)
        #expect(try note.verified(by: [NoteVerifierKey(vector["vkey"]!.text!)!]).count == 1)
    }

    @Test("every note and checkpoint that must be refused is refused")
    func refused() {
        var count = 0
        for name in ["bad_checkpoints", "bad_notes", "bad_notes_signed"] {
            for vector in Vectors.list(name) {
                let note = vector["note"]?.bytes ?? vector["note_hex"]!.unhexed
                count += 1
                #expect(throws: EvidenceError.self, "\(vector["why"]!.text!)") {
                    try Checkpoint.verified(note, by: [Vectors.key])
                }
            }
        }
        #expect(count == 28)
    }

    @Test("a known key's wrong signature refuses a note that another known key has signed")
    func wrongSignature() throws {
        let other = NoteSigningKey.random(name: Vectors.key.name)
        let checkpoint = Checkpoint(origin: Vectors.key.name, size: 7, root: TreeHash.empty)
        var note = checkpoint.signed(with: [other, Vectors.signingKey])
        let keys = [other.verifier, Vectors.key]
        #expect(try Checkpoint.verified(note, by: keys).signers == keys)
        #expect(try Checkpoint.verified(note, by: [Vectors.key]).signers == [Vectors.key])
        let last = note.lastIndex(of: UInt8(ascii: "\n"))! - 10
        note[last] = note[last] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        #expect(throws: EvidenceError.self) { try Checkpoint.verified(note, by: keys) }
        #expect(try Checkpoint.verified(note, by: [other.verifier]).signers == [other.verifier])
    }

    @Test("proof files are written as expected, verify, and fail with any byte changed")
    func proofFiles() throws {
        for vector in Vectors.list("tlog_proofs") {
            let (index, bytes) = (vector["index"]!.number, vector["file"]!.bytes)
            let proof = try ProofFile(bytes)
            #expect(proof.index == index)
            #expect(proof.bytes == bytes)
            let size = vector["size"]!.number
            #expect(try Vectors.prover(size).inclusion(of: index) == proof.path)
            #expect(try proof.verified(leaf: Vectors.leaf(index), by: [Vectors.key]).size == size)
            #expect(throws: EvidenceError.self) {
                try proof.verified(leaf: Vectors.leaf(index + 1), by: [Vectors.key])
            }
        }
        let bytes = Vectors.list("tlog_proofs")[0]["file"]!.bytes
        for position in bytes.indices {
            var wrong = bytes
            wrong[position] ^= 1
            #expect(throws: EvidenceError.self, "byte \(position)") {
                try ProofFile(wrong).verified(leaf: Vectors.leaf(0), by: [Vectors.key])
            }
        }
        let text = String(decoding: bytes, as: UTF8.self)
        let extra = text.replacing("index 0\n", with: "extra AAAA\nindex 0\n")
        #expect(try ProofFile(Array(extra.utf8)).index == 0)
        for wrong in ["index 00\n", "index +0\n", "index\n", "extra ?\nindex 0\n", ""] {
            let file = text.replacing("index 0\n", with: wrong)
            #expect(throws: EvidenceError.self) { try ProofFile(Array(file.utf8)) }
        }
    }
}
