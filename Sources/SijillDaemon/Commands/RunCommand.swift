import ArgumentParser
import Foundation
import Logging
import SijillFiles
import SijillFormat

/// `sijilld run`: the daemon, until SIGTERM.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Take in what is dropped in the inbox and serve the log (the default command).")

    @OptionGroup var options: DirectoryOptions

    @Option(
        help: ArgumentHelp("The folder that files are dropped into (default: DATA/inbox).", valueName: "dir"))
    var inbox: String?

    @Option(
        help: ArgumentHelp(
            "HOST:PORT or unix:PATH to serve on (default: 127.0.0.1:8750).", valueName: "address"))
    var listen: String?

    @Option(help: ArgumentHelp("trace, debug, info, notice, warning, error or critical.", valueName: "level"))
    var logLevel: String?

    @Flag(help: "Take in what is there, without serving it, and end: 0 all in, 3 something was rejected.")
    var once = false

    @Flag(help: "Serve a directory that another process writes, such as 'sijill mirror'; take in nothing.")
    var readOnly = false

    func validate() throws {
        if readOnly, once { throw ValidationError("--read-only takes in nothing, so --once has no meaning") }
        if readOnly, inbox != nil { throw ValidationError("--read-only takes in nothing; leave --inbox out") }
    }

    func run() async throws {
        let configuration = try options.load([.inboxPath: inbox, .listen: listen, .logLevel: logLevel])
        let logger = LoggerOutput.logger(label: "sijilld", level: configuration.logLevel)
        let notifier = ServiceNotifier(environment: ProcessInfo.processInfo.environment)
        if readOnly {
            return try await ReadOnlyDaemon(configuration, notifier: notifier, logger: logger).run()
        }
        let daemon = Daemon(configuration, notifier: notifier, logger: logger)
        if !once { return try await daemon.run() }
        if try await daemon.runOnce() { throw ExitCode(EndCode.quarantined.rawValue) }
    }
}

/// `sijilld check-config`: reads the settings and says what they come to.
struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config", abstract: "Read the configuration and say what is wrong with it.")

    @OptionGroup var options: DirectoryOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let configuration = try options.load()
        if json {
            return printJSON(
                JSONMember("data", configuration.data.root), JSONMember("inbox", configuration.inboxPath),
                JSONMember("listen", "\(configuration.listen)"))
        }
        printLine("data \(configuration.data.root.escapedForDisplay)")
        printLine("inbox \(configuration.inboxPath.escapedForDisplay)")
        printLine("listen \(configuration.listen)")
        printLine("the configuration is good")
    }
}
