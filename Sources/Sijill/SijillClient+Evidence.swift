import AsyncHTTPClient
import NIOCore
import SijillFormat
import SijillMerkle

extension SijillClient {
    /// The newest signed checkpoint, unverified: give it to a `Verifier`.
    public func checkpointNote() async throws -> [UInt8] {
        try await transport.small("/checkpoint", accept: "text/plain")
    }

    /// The verifier key that the server says is its own. To be trusted only as far as the server is.
    public func claimedKey() async throws -> String? {
        try? JSONParser.parse(try await transport.small("/v1/log"))["checkpoint"]?["key"]?.text
    }

    /// The newest checkpoint, verified, and where there is an older one, that it goes on from that.
    ///
    /// - Throws: `SijillClientError` `.evidence` when the server contradicts `old`.
    public func checkpoint(_ verifier: Verifier, extending old: LogCheckpoint?) async throws -> LogCheckpoint
    {
        let new = try verifier.checkpoint(try await checkpointNote())
        guard let old else { return new }
        var proof: [String] = []
        if new.origin == old.origin, old.size > 0, old.size < new.size {
            proof = try await self.proof("/v1/proofs/consistency?from=\(old.size)&to=\(new.size)")
        }
        try verifier.verify(new, extends: old, proof: proof)
        return new
    }

    /// Checks that a change that was read before stands in the tree of a checkpoint.
    public func verify(change: [UInt8], in checkpoint: LogCheckpoint, _ verifier: Verifier) async throws {
        let sequence = try EvidenceLine(change).sequence
        guard sequence.value <= checkpoint.size else {
            throw SijillClientError(
                .evidence,
                "change \(sequence) is beyond the checkpoint, which covers \(checkpoint.size) changes")
        }
        let proof = try await proof("/v1/proofs/inclusion?sequence=\(sequence)&size=\(checkpoint.size)")
        try verifier.verify(change: change, in: checkpoint, proof: proof)
    }

    /// One change of the log, by its sequence.
    public func change(_ sequence: UInt64, omitting omission: Omission = .nothing) async throws -> LogChange {
        for try await change in replay(since: .after(sequence: sequence - 1), omitting: omission) {
            return change
        }
        throw SijillClientError(.notFound, "there is no change \(sequence)")
    }

    /// Reads every leaf and computes the root: the log is complete and in order, and the changes in `held`, by their
    /// sequences, are in it.
    ///
    /// - Parameters:
    ///   - held: changes that were read before; SHA-256(0x00 ‖ leaf) of each must be in the tree.
    ///   - progress: told how many leaves have been read.
    public func verifyAll(
        _ checkpoint: LogCheckpoint, held: [UInt64: [UInt8]] = [:], progress: (UInt64) -> Void = { _ in }
    ) async throws {
        var tree = GrowingTree()
        for try await change in replay(since: .after(sequence: 0), omitting: .content) {
            guard change.sequence <= checkpoint.size else { break }
            let leaf = TreeHash.leaf(change.line)
            if let line = held[change.sequence], TreeHash.leaf(try EvidenceLine(line).leaf) != leaf {
                throw SijillClientError(
                    .evidence, "change \(change.sequence) is not the one that was read before")
            }
            tree.append(leaf) { _ in }
            if tree.size % 1_000 == 0 { progress(tree.size) }
            if tree.size == checkpoint.size { break }
        }
        guard tree.size == checkpoint.size, tree.root == checkpoint.checkpoint.root else {
            throw SijillClientError(
                .evidence,
                "the \(tree.size) changes that the server sends do not have the root that it signed")
        }
    }

    /// A proof file for a change: c2sp.org/tlog-proof@v1, under a checkpoint that is verified first.
    public func prove(_ sequence: UInt64, _ verifier: Verifier) async throws -> [UInt8] {
        let checkpoint = try verifier.checkpoint(try await checkpointNote())
        guard sequence <= checkpoint.size else {
            throw SijillClientError(.server, "change \(sequence) is not signed yet; try again in a second")
        }
        let texts = try await proof("/v1/proofs/inclusion?sequence=\(sequence)&size=\(checkpoint.size)")
        guard let path = Verifier.digests(texts) else {
            throw SijillClientError(.brokenPromise, "the server sent a proof that is none")
        }
        return ProofFile(index: sequence - 1, path: path, checkpoint: checkpoint.note).bytes
    }

    /// The hashes of a proof, in base 64.
    private func proof(_ path: String) async throws -> [String] {
        let answer: [UInt8]
        do {
            answer = try await transport.small(path)
        } catch let error as SijillClientError where error.code == .notFound || error.code == .badRequest {
            throw SijillClientError(.evidence, "the server has no proof for what it signed: \(error.message)")
        }
        guard case .array(let elements)? = (try? JSONParser.parse(answer))?["proof"] else {
            throw SijillClientError(.brokenPromise, "the server sent a proof that is none")
        }
        return elements.map { $0.text ?? "" }
    }
}
