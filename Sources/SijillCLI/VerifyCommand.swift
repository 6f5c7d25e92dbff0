import ArgumentParser
import Sijill
import SijillFiles
import SijillFormat

/// `sijill verify`: a live log against what was seen of it before, or a proof offline.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check a log against the last checkpoint seen, or a proof without any server.",
        discussion: """
            Online: the signature, that the log goes on from the checkpoint that was verified last, and that changes \
            are in its tree. What was verified is kept in $SIJILL_STATE, else ~/.local/state/sijill. Without --key the \
            key that the server names is trusted the first time. A server that contradicts what it signed before ends \
            it with exit code 1; both checkpoints are shown and kept.

            Offline: sijill verify --proof FILE --change FILE [--original FILE] --key KEY.
            """)

    @OptionGroup var server: ServerOptions

    @Option(help: "Verifier key of the log: what 'sijilld key show' prints.")
    var key: String?

    @Option(help: ArgumentHelp("Folder for what was verified.", valueName: "dir"))
    var state: String?

    @Flag(help: "Read every change without its content, and compute the root from them.")
    var full = false

    @Option(
        help: ArgumentHelp("Changes that you hold, one a line: each must be in the tree.", valueName: "file"))
    var changes: String?

    @Option(help: ArgumentHelp("A proof that 'sijill prove' wrote; no server is asked.", valueName: "file"))
    var proof: String?

    @Option(help: ArgumentHelp("The change that is proved, as one line.", valueName: "file"))
    var change: String?

    @Option(help: ArgumentHelp("The input that the change names, byte for byte.", valueName: "file"))
    var original: String?

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        if proof != nil || change != nil || original != nil {
            guard proof != nil, change != nil, key != nil else {
                throw ValidationError("a proof needs --proof, --change and --key")
            }
            if full || changes != nil || server.url != nil {
                throw ValidationError("a proof is checked offline: without --url, --full and --changes")
            }
        }
    }

    func run() async throws {
        if let proof, let change, let key { return try offline(proof, change, key) }
        let client = try server.client()
        let store = try CheckpointStore(url: client.url, state: state)
        let (new, old, verifier) = try await ServerVerification(client: client, store: store, key: key).run()
        let count = try await verifyChanges(client, new, verifier)
        if json {
            return try Terminal.output.write(
                .object([
                    JSONMember("origin", new.origin), JSONMember("size", new.size),
                    JSONMember("root", "\(new.root)"),
                    JSONMember(name: "size_before", value: old.map { .number(String($0.size)) } ?? .null),
                    JSONMember("changes_verified", UInt64(count)),
                ]))
        }
        var text = "verified: \(new.origin), \(new.size) changes, root \(new.root)\n"
        if let old {
            text += "it goes on from the checkpoint of \(old.size) changes that was verified before\n"
        } else {
            text += "this is the first checkpoint seen of it; keep \(store.folder)\n"
        }
        text +=
            full ? "the root was computed from all changes\n" : "\(count) changes were found in its tree\n"
        try Terminal.output.write(Array(text.utf8))
    }

    /// How many changes were looked up in the tree.
    private func verifyChanges(_ client: SijillClient, _ head: LogCheckpoint, _ verifier: Verifier)
        async throws -> Int
    {
        let held = try heldChanges()
        if full || held.count > 256 {
            let terminal = Terminal.error
            try await client.verifyAll(head, held: held) { done in
                if terminal.isTerminal { terminal.write("\r\(done * 100 / max(1, head.size)) %") }
            }
            if terminal.isTerminal { terminal.write("\r\u{1B}[K") }
            if let beyond = held.keys.max(), beyond > head.size {
                throw SijillClientError.notCovered(beyond, size: head.size)
            }
            return Int(head.size)
        }
        for (_, line) in held.sorted(by: { $0.key < $1.key }) {
            try await client.verify(change: line, in: head, verifier)
        }
        guard head.size > 0 else { return held.count }
        // The first, the last, and some between them that no one can foresee.
        let sample = Set([1, head.size] + (0..<8).map { _ in UInt64.random(in: 1...head.size) })
        for sequence in sample.sorted() {
            let change = try await client.change(sequence, omitting: .content)
            try await client.verify(change: change.line, in: head, verifier)
        }
        return held.count + sample.count
    }

    private func heldChanges() throws -> [UInt64: [UInt8]] {
        guard let changes else { return [:] }
        guard let bytes = try File.contents(changes) else {
            throw SijillError(.inputOutput, "\(changes) is missing")
        }
        var held: [UInt64: [UInt8]] = [:]
        for line in bytes.split(separator: 0x0A) {
            held[try Verifier.sequence(of: Array(line))] = Array(line)
        }
        return held
    }

    private func offline(_ proof: String, _ change: String, _ key: String) throws {
        func contents(_ path: String) throws -> [UInt8] {
            guard let bytes = try File.contents(path) else {
                throw SijillError(.inputOutput, "\(path) is missing")
            }
            return bytes
        }
        let proved = try Verifier(keys: [key]).verify(
            proof: try contents(proof), change: try contents(change), original: try original.map(contents))
        if json {
            return try Terminal.output.write(
                .object([
                    JSONMember("sequence", proved.sequence), JSONMember("origin", proved.checkpoint.origin),
                    JSONMember("size", proved.checkpoint.size),
                    JSONMember("content", "\(proved.content)"),
                    JSONMember(name: "original", value: .bool(proved.hasOriginal)),
                ]))
        }
        var text = "verified: change \(proved.sequence) stands in \(proved.checkpoint.origin)"
        text += ", signed with \(proved.checkpoint.size) changes\n"
        switch proved.content {
        case .verified: text += "its content is what it commits to\n"
        case .leftOut: text += "its content was not given\n"
        case .erased: text += "its content was erased; that it stood there is proved\n"
        }
        if proved.hasOriginal { text += "the original is the input that it names\n" }
        try Terminal.output.write(Array(text.utf8))
    }
}

/// `sijill prove`: a proof that anyone with the verifier key can check.
struct ProveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Write a proof that an article stands in the log (c2sp.org/tlog-proof@v1).",
        discussion: """
            The proof goes to standard output or to -o FILE; the change that it proves is written beside it with \
            --change FILE (with -o: FILE.change.json when left out). For example: \
            sijill prove ARTICLE -o article.tlog-proof
            """)

    @OptionGroup var server: ServerOptions

    @Argument(help: "Id of the article; or the sequence or cursor of a change.")
    var article: String

    @Option(name: .shortAndLong, help: ArgumentHelp("File for the proof.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("File for the change that is proved.", valueName: "file"))
    var change: String?

    @Option(
        help: "Verifier key of the log; the one known from before, or that the server names, when left out.")
    var key: String?

    @Option(help: ArgumentHelp("Folder for what was verified.", valueName: "dir"))
    var state: String?

    @Flag(help: "With -o: print one JSON object that says what was written.")
    var json = false

    func validate() throws {
        if json, output == nil { throw ValidationError("--json needs -o: the proof itself is no JSON") }
    }

    func run() async throws {
        let client = try server.client()
        let store = try CheckpointStore(url: client.url, state: state)
        let (head, _, verifier) = try await ServerVerification(client: client, store: store, key: key).run()
        let sequence = try await sequence(client)
        let line = try await client.change(sequence).line
        var proof: [UInt8]?
        // A change of this moment is signed within a second.
        for _ in 0..<20 where proof == nil {
            do { proof = try await client.prove(sequence, verifier) } catch let error as SijillClientError
                where error.code == .server
            { try await Task.sleep(for: .milliseconds(250)) }
        }
        guard let proof else {
            throw SijillError(
                .unavailable, "change \(sequence) is not signed: the tree has \(head.size) changes")
        }
        _ = try verifier.verify(proof: proof, change: line)
        let changePath = change ?? output.map { $0 + ".change.json" }
        if let changePath {
            try Durable.replace(changePath, line + [0x0A], permissions: 0o644)
        }
        if let output {
            try Durable.replace(output, proof, permissions: 0o644)
            guard json else { return }
            try Terminal.output.write(
                .object([
                    JSONMember("sequence", sequence), JSONMember("proof", output),
                    JSONMember("change", changePath),
                ]))
        } else {
            try Terminal.output.write(proof)
        }
    }

    /// The change that brought the article's present text, or the one that was named.
    private func sequence(_ client: SijillClient) async throws -> UInt64 {
        if let cursor = LogCursor(article) { return cursor.sequence }
        if let number = Decimal.value(Array(article.utf8)), number > 0 { return number }
        guard let first = try await client.article(article).first else {
            throw SijillError(.unavailable, "the server does not say which change brought article \(article)")
        }
        return first.sequence
    }
}
