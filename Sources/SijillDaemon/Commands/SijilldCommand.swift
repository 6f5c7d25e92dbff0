import ArgumentParser
import Foundation
import Glibc
import Logging
import SijillFiles
import SijillFormat
import SijillStore

/// `sijilld`: the daemon, and the commands that look after its data directory.
package struct SijilldCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sijilld",
        abstract: "Take in articles that are dropped in a folder, and keep a log that clients replay.",
        discussion: """
            Exit codes: 0 done; 1 a check failed; 3 `--once` rejected something; 64 usage; 65 the log is damaged; 69 the address is in use; \
            74 a file cannot be read or written; 75 another sijilld works on the data directory; 77 permission; \
            78 a configuration or a directory that is not usable.
            """,
        version: SijillFormat.version,
        subcommands: [
            RunCommand.self, CheckCommand.self, RebuildCommand.self, QuarantineCommand.self, KeyCommand.self,
            WithdrawCommand.self, RecoverCommand.self, CheckConfigCommand.self, BackupCommand.self,
            DoctorCommand.self,
        ],
        defaultSubcommand: RunCommand.self)

    package init() {}

    /// Runs the command of this process and ends it with its exit code. An error is one line.
    package static func start() async -> Never {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            Glibc.exit(EndCode.done.rawValue)
        } catch let error as SijillError {
            end(error)
        } catch let error as SystemError {
            end(error.sijillError())
        } catch let error as StoreError {
            end(error.sijillError)
        } catch {
            exit(withError: error)
        }
    }

    private static func end(_ error: SijillError) -> Never {
        // The journal colours and filters by this priority: an error.
        let priority = LoggerOutput.isJournal ? "<3>" : ""
        FileHandle.standardError.write(
            Data("\(priority)sijilld: \(error.description.escapedForDisplay)\n".utf8))
        Glibc.exit(error.code.rawValue)
    }
}

/// Where a command finds the data directory and its settings.
struct DirectoryOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The YAML file with the settings.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The data directory (default: ./var).", valueName: "dir"))
    var data: String?

    func load(_ flags: [ConfigurationKey: String?] = [:]) throws -> DaemonConfiguration {
        var set = flags.compactMapValues { $0 }
        set[.data] = data
        return try DaemonConfiguration.load(
            flags: set, environment: ProcessInfo.processInfo.environment, file: config)
    }
}

/// A line on standard output.
func printLine(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// A line on standard output: the object of `members`.
func printJSON(_ members: JSONMember...) { printLine(JSONValue.object(members).line) }
