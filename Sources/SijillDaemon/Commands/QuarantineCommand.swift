import ArgumentParser
import SijillFiles
import SijillFormat
import SijillIngest

/// `sijilld quarantine`: what could not be taken in. Works beside the daemon.
struct QuarantineCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "List, show, retry or remove what could not be taken in.",
        discussion: "An item is named REASON/NAME, as `list` prints it.",
        subcommands: [List.self, Show.self, Retry.self, Purge.self], defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Every rejected file, with its reason.")
        @OptionGroup var options: DirectoryOptions
        @Flag(help: "Print one JSON object a line.") var json = false

        func run() throws {
            for item in try options.quarantine().items() { printLine(json ? item.json : item.line) }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "What is known about an item, as JSON.")
        @OptionGroup var options: DirectoryOptions
        @Flag(help: "As without it: the item is always printed as JSON.") var json = false
        @Argument(help: "REASON/NAME.") var item: String

        func run() throws {
            printLine(try options.quarantine().chosen([item], isAll: false)[0].json)
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Put items back into the inbox.")
        @OptionGroup var options: DirectoryOptions
        @OptionGroup var choice: Choice
        @Option(help: ArgumentHelp("The inbox (default: DATA/inbox).", valueName: "dir")) var inbox: String?
        @Flag(help: "Print one JSON object a line.") var json = false

        func run() throws {
            let quarantine = try options.quarantine()
            let inbox = try DirectoryHandle(path: try options.load([.inboxPath: inbox]).inboxPath)
            for item in try quarantine.chosen(choice.items, isAll: choice.all) {
                for name in try quarantine.retry(item, inbox: inbox) {
                    if json {
                        printJSON(JSONMember("item", item.id), JSONMember("inbox", name))
                    } else {
                        printLine("\(item.id.escapedForDisplay) -> \(name.escapedForDisplay)")
                    }
                }
            }
        }
    }

    struct Purge: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove items for good.")
        @OptionGroup var options: DirectoryOptions
        @OptionGroup var choice: Choice
        @Flag(help: "Print one JSON object a line.") var json = false

        func run() throws {
            let quarantine = try options.quarantine()
            for item in try quarantine.chosen(choice.items, isAll: choice.all) {
                try quarantine.purge(item)
                if json {
                    printJSON(JSONMember("item", item.id))
                } else {
                    printLine("\(item.id.escapedForDisplay) removed")
                }
            }
        }
    }

    /// Which items are meant.
    struct Choice: ParsableArguments {
        @Argument(help: "REASON/NAME of each.") var items: [String] = []
        @Flag(help: "All of them.") var all = false

        func validate() throws {
            guard items.isEmpty == all else { throw ValidationError("name items, or say --all") }
        }
    }
}

extension DirectoryOptions {
    fileprivate func quarantine() throws -> QuarantineContents {
        let path = try load().data.quarantine
        do throws(SystemError) {
            return try QuarantineContents(path: path)
        } catch {
            throw SijillError(
                error.isPermission ? .permission : .configuration, "there is no quarantine: \(error)",
                remedy: "name the right data directory with --data")
        }
    }
}

extension QuarantineContents {
    /// The items of these ids, or all.
    fileprivate func chosen(_ ids: [String], isAll: Bool) throws -> [Item] {
        let items = try items()
        if isAll { return items }
        return try ids.map { id in
            guard let item = items.first(where: { $0.id == id }) else {
                throw SijillError(
                    .usage, "'\(id.escapedForDisplay)' is not in quarantine",
                    remedy: "'sijilld quarantine list' prints what is")
            }
            return item
        }
    }
}

extension QuarantineContents.Item {
    fileprivate var line: String {
        let detail = report?["detail"]?.text ?? ""
        let count = recordCount.map { " (\($0) records)" } ?? ""
        return "\(id)\(count)  \(detail)".escapedForDisplay
    }

    fileprivate var json: String {
        var members = [JSONMember("item", id)]
        if let recordCount { members.append(JSONMember("records", UInt64(recordCount))) }
        if case .object(let known)? = report { members += known.filter { !$0.name.hasPrefix("raw") } }
        return JSONValue.object(members).line
    }
}
