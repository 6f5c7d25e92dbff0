import ArgumentParser
import Glibc
import Sijill
import SijillFiles
import SijillFormat

/// `sijill`: what people type to read a log and to add to it.
@main
struct SijillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sijill",
        abstract: "Read a Sijill log and add files to it.",
        discussion: """
            The daemon is found at --url, else SIJILL_URL, else http://127.0.0.1:8750; SIJILL_TOKEN is its token, \
            where it wants one. SIJILL_CA_FILE, or --ca-file, names the certificates that it is trusted by.

            Exit codes: 0 done; 1 something was rejected (add --wait), or there is no such thing; 64 usage; 65 the log \
            cannot go on from the cursor; 69 the server cannot be reached; 74 a file cannot be read or written; \
            75 another process works on the file or directory, or reads the consumer; 77 permission; \
            78 a file or directory that is not usable.
            """,
        version: SijillFormat.version,
        subcommands: [
            ReplayCommand.self, FollowCommand.self, SearchCommand.self, AddCommand.self, ShowCommand.self,
            OriginalCommand.self, StatusCommand.self, MirrorCommand.self, ConsumersCommand.self,
            VerifyCommand.self,
            ProveCommand.self,
        ])

    /// Runs the command and ends the process with the exit code of DESIGN §10.
    static func main() async {
        // A reader that goes away (`| head`) becomes an error of write, which ends the command quietly.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let error as SystemError where error.code == EPIPE {
            Glibc.exit(0)
        } catch is Interruption {
            Glibc.exit(128 + SIGINT)
        } catch let error as any Endable {
            Terminal.error.write("sijill: \(error.line)\n")
            Glibc.exit(error.exitCode.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

/// How to reach the log.
struct ServerOptions: ParsableArguments {
    @Option(help: "URL of the daemon: http://HOST:PORT, https://HOST:PORT or unix:/PATH.")
    var url: String?

    @Option(
        help: ArgumentHelp(
            "PEM file with the certificates that an https server is trusted by, in place of the system's.",
            valueName: "file"),
        completion: .file())
    var caFile: String?

    /// - Throws: `SijillClientError` for a URL that is none, or for certificates that cannot be read.
    func client() throws -> SijillClient {
        var client = try SijillClient(
            url: url ?? environment("SIJILL_URL") ?? SijillClient.defaultURL,
            token: environment("SIJILL_TOKEN"), authorityFile: caFile ?? environment("SIJILL_CA_FILE"))
        client.reconnection.onFailure = { failure in
            // One line an outage; how it goes on is seen by what is printed.
            guard failure.count == 1 else { return }
            Terminal.error.write("sijill: \(failure.error.line); trying again\n")
        }
        return client
    }
}

/// For commands that may begin before the daemon does.
struct PatienceOptions: ParsableArguments {
    @Flag(help: "Keep trying when the server cannot be reached at first, too.")
    var patient = false

    func client(_ server: ServerOptions) throws -> SijillClient {
        var client = try server.client()
        client.reconnection.isPatient = patient
        return client
    }
}

/// A variable of the environment; nil when it is unset or empty.
func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
}

extension LogStart: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// An error that ends the process with one line.
protocol Endable: Error {
    var line: String { get }
    var exitCode: EndCode { get }
}

extension SijillClientError: Endable {
    var line: String { message.escapedForDisplay }

    var exitCode: EndCode {
        switch code {
        case .invalidURL, .badRequest: .usage
        case .cursorAhead, .cursorDiverged, .cursorExpired, .brokenPromise: .damaged
        case .unauthorized, .forbidden: .permission
        case .notFound, .conflict, .evidence: .checkFailed
        case .fenced: .locked
        case .invalidCertificate: .configuration
        default: .unavailable
        }
    }
}

extension SijillError: Endable {
    var line: String { description.escapedForDisplay }
    var exitCode: EndCode { code }
}

extension SystemError: Endable {
    var line: String { description }
    var exitCode: EndCode { isPermission ? .permission : .inputOutput }
}
