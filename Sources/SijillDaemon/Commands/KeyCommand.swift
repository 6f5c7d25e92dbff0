import ArgumentParser
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// `sijilld key`: what verifies the log's checkpoints.
struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Show the verifier key of the log, or make a new signing key.",
        subcommands: [Show.self, Rotate.self], defaultSubcommand: Show.self)

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the verifier key; it stands alone on the last line.",
            discussion: "Give it to those who verify the log, on another way than the log itself.")
        @OptionGroup var options: DirectoryOptions
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let path = try options.load().data.signingKey
            guard let keys = try LogKeys.read(path) else {
                throw SijillError(
                    .configuration, "\(path.escapedForDisplay) is missing: the log has not been started yet",
                    remedy: "start the daemon once, or name the right directory with --data")
            }
            if json {
                let old = keys.verifiers.dropFirst().map { JSONValue.string(Array($0.description.utf8)) }
                return printJSON(
                    JSONMember("key", keys.verifiers[0].description),
                    JSONMember(name: "co_signers", value: .array(old)))
            }
            for old in keys.verifiers.dropFirst() { printLine("co-signs: \(old)") }
            printLine(keys.verifiers[0].description)
        }
    }

    struct Rotate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new signing key. Checkpoints are signed by it and co-signed by the old one.",
            discussion: """
                Those who know only the old key go on accepting the log until the next rotation: give them the new one \
                by then. Works beside the daemon.
                """)
        @OptionGroup var options: DirectoryOptions
        @Flag(help: "Print one JSON object.") var json = false

        func run() throws {
            let configuration = try options.load()
            let answer = try ControlQuestion.ask(configuration.data, .rotateKey, "") {
                let log = try ChangeLog(configuration.data, origin: configuration.logOrigin)
                let key = try log.tree.rotate()
                try log.close()
                return .object([JSONMember("key", key.description)])
            }
            if json { return printLine(answer.line) }
            printLine("the new verifier key:")
            printLine(answer["key"]?.text ?? "")
        }
    }
}

/// A command that the daemon carries out while it runs, and the command itself, under the lock, while none does.
enum ControlQuestion {
    /// - Throws: `SijillError`, also what the daemon answered.
    static func ask(
        _ directory: DataDirectory, _ question: ControlServer.Question, _ argument: String,
        offline: () throws -> JSONValue
    ) throws -> JSONValue {
        guard File.exists(directory.state) else {
            throw SijillError(
                .configuration, "\(directory.root.escapedForDisplay) is no data directory: it has no log",
                remedy: "name the right one with --data")
        }
        let lock: DirectoryLock
        do throws(SijillError) {
            lock = try DirectoryLock(directory)
        } catch {
            guard error.code == .locked else { throw error }
            return try askDaemon(directory, question, argument)
        }
        let answer = try offline()
        return withExtendedLifetime(lock) { answer }
    }

    private static func askDaemon(
        _ directory: DataDirectory, _ question: ControlServer.Question, _ argument: String
    ) throws -> JSONValue {
        let line = argument.isEmpty ? question.rawValue : "\(question.rawValue) \(argument)"
        guard let answer = try LocalSocket.ask(directory.control, line, patience: 600),
            let value = try? JSONParser.parse(Array(answer.utf8))
        else {
            throw SijillError(
                .locked, "another sijilld works on \(directory.root.escapedForDisplay) and does not answer",
                remedy: "try again in a moment, or stop it")
        }
        if let message = value["error"]?.text {
            var code = EndCode.inputOutput
            if case .number(let literal)? = value["code"], let number = Int32(literal) {
                code = EndCode(rawValue: number) ?? code
            }
            throw SijillError(code, message)
        }
        return value
    }

    /// The answer of the daemon for what `body` gives or throws.
    static func answer(_ body: () throws -> JSONValue) -> String {
        do {
            return try body().line
        } catch {
            let known =
                error as? SijillError ?? (error as? SystemError)?.sijillError()
                ?? (error as? StoreError)?.sijillError
            let code = known?.code ?? .inputOutput
            return JSONValue.object([
                JSONMember("error", known?.description ?? "\(error)"),
                JSONMember("code", UInt64(code.rawValue)),
            ]).line
        }
    }
}
