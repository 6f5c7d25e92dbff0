import ArgumentParser
import Logging
import SijillFiles
import SijillFormat
import SijillLog
import SijillStore

/// `sijilld withdraw`: an article is not shown any more, and erased where that is asked for.
struct WithdrawCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw", abstract: "Take an article out of sight, or erase it for good.",
        discussion: """
            The log keeps that the article stood there: its digests, the names of its files, and this withdrawal with \
            its reason. With --erase its texts and originals are overwritten in place, in every revision and delivery; \
            that cannot be taken back. Backups, mirrors that are not in step, and what clients have read are not \
            reached. A short or guessable text can be tested against the digests that stay. Works beside the daemon.
            """)

    @OptionGroup var options: DirectoryOptions

    @Argument(help: "Id of the article: 'a' and 26 letters and digits.")
    var article: String

    @Flag(help: "Overwrite its texts and originals. This cannot be undone.")
    var erase = false

    @Flag(help: "Show a withdrawn article again. What was erased may be delivered again.")
    var undo = false

    @Option(help: ArgumentHelp("Why. It is written to the log and stays there.", valueName: "text"))
    var reason: String

    @Flag(help: "Print one JSON object.")
    var json = false

    func validate() throws {
        guard ArticleID(article) != nil else {
            throw ValidationError("'\(article)' is no article id; an id is 'a' and 26 letters and digits")
        }
        if erase, undo { throw ValidationError("--undo takes no --erase: what is erased stays erased") }
        if reason.isEmpty || reason.utf8.count > Limits.descriptionBytesMax {
            throw ValidationError("--reason has to have 1 to \(Limits.descriptionBytesMax) bytes")
        }
    }

    func run() throws {
        let configuration = try options.load()
        let request = Withdrawal.Request(
            article: ArticleID(article)!, erases: erase, isUndo: undo, reason: reason)
        let answer = try ControlQuestion.ask(configuration.data, .withdraw, request.json) {
            let log = try ChangeLog(configuration.data, origin: configuration.logOrigin)
            log.announce()
            let opening = StoreOpening(configuration.data, logger: Logger(label: "sijilld"))
            let store = try opening.open(for: log.reader)
            let withdrawal = Withdrawal(log: log, store: store, directory: configuration.data)
            try withdrawal.start()
            let answer = try withdrawal.run(request)
            try store.checkpoint()
            try store.close()
            try log.close()
            return answer
        }
        if json { return printLine(answer.line) }
        printLine("\(undo ? "shown again" : erase ? "erased" : "withdrawn"): \(answer["change"]?.text ?? "")")
        if erase, case .number(let changes)? = answer["erased_changes"],
            case .number(let originals)? = answer["erased_originals"]
        {
            if case .array(let files)? = answer["kept_files"] {
                for file in files {
                    let path = (file.text ?? "").escapedForDisplay
                    printLine("delivered it with other records and is still there: \(path)")
                }
            }
            printLine(
                "content of \(changes) changes and \(originals) originals are gone; every proof stays valid")
        }
    }
}

extension Withdrawal.Request {
    /// As it goes over the control socket: one line.
    var json: String {
        JSONValue.object([
            JSONMember("article", article.description), JSONMember(name: "erase", value: .bool(erases)),
            JSONMember(name: "undo", value: .bool(isUndo)), JSONMember("reason", reason),
        ]).line
    }

    init(json: String) throws(SijillError) {
        guard let value = try? JSONParser.parse(Array(json.utf8)),
            let article = (value["article"]?.text).flatMap({ ArticleID($0) }),
            case .bool(let erases)? = value["erase"], case .bool(let isUndo)? = value["undo"],
            let reason = value["reason"]?.text
        else { throw SijillError(.usage, "the daemon does not understand this withdrawal") }
        self.init(article: article, erases: erases, isUndo: isUndo, reason: reason)
    }
}
