import Foundation
import SijillFormat
import SijillTesting
import Testing

/// The program as people run it: arguments, output, exit codes.
@Suite(.serialized, .timeLimit(.minutes(2))) struct CommandTests {
    @Test("replay prints the lines of the log, within the bounds that are asked for")
    func replay() async throws {
        let live = try LiveLog()
        try live.add(6)
        try await live.start()
        let lines = live.lines.map { String(decoding: $0, as: UTF8.self) }
        let cursors = live.changes.map(\.cursor.description)
        let url = live.url
        for (arguments, expected) in [
            ([], lines[...]), (["--since", "2"], lines[2...]), (["--limit", "2"], lines[..<2]),
            (["--since", cursors[0], "--until", cursors[3]], lines[1...3]), (["--since", "now"], []),
            (["--until", "0"], []),
        ] {
            let run = try await Sijill.run(["replay"] + arguments, url: url)
            #expect(run.code == 0)
            #expect(run.output.split(separator: "\n").map(String.init) == Array(expected), "\(arguments)")
        }
        let short = try await Sijill.run(["replay", "--text", "omit", "--limit", "1"], url: url)
        #expect(short.output.hasSuffix("}}\n") && !short.output.contains(",\"text\":"))
        let other = try await Sijill.run(["replay", "--until", "0000000000000003-zzzzzzzz"], url: url)
        #expect(other.code == 65)
        try await live.stop()
    }

    @Test("A reader that goes away ends replay quietly")
    func brokenPipe() async throws {
        let live = try LiveLog()
        try live.add(400)
        try await live.start()
        let run = try await Sijill.shell(
            "\"$SIJILL\" replay | head -n 1 | wc -l; echo ${PIPESTATUS[0]}", url: live.url)
        #expect(run.output.split(whereSeparator: \.isWhitespace) == ["1", "0"])
        #expect(run.error.isEmpty)
        try await live.stop()
    }

    @Test("show, status and original print what the server has")
    func show() async throws {
        let live = try LiveLog()
        try live.add(2)
        try await live.start()
        let article = try #require(live.changes[0].record.article).description
        let url = live.url
        let shown = try await Sijill.run(["show", article], url: url)
        #expect(shown.code == 0)
        #expect(shown.output.contains(article))
        #expect(
            shown.output.contains(
                String(decoding: live.changes[0].content.text!.prefix { $0 != 32 }, as: UTF8.self)))
        let json = try await Sijill.run(["show", article, "--json"], url: url)
        #expect(try JSONParser.parse(Array(json.output.utf8))["article"]?.text == article)
        let original = try await Sijill.run(["original", article], url: url)
        #expect(Array(original.output.utf8) == live.changes[0].content.text)
        let file = live.directory.path("copy")
        for code in [0, 74] {
            #expect(try await Sijill.run(["original", article, "-o", file], url: url).code == Int32(code))
            #expect([UInt8](try Data(contentsOf: URL(filePath: file))) == live.changes[0].content.text)
        }
        let status = try await Sijill.run(["status"], url: url)
        #expect(status.output.contains(live.log.id.description))
        #expect(status.output.contains(live.changes[1].cursor.description))
        #expect(!status.output.contains("\u{1B}"))
        #expect(try await Sijill.run(["show", "a00000000000000000000000000"], url: url).code == 1)
        try await live.stop()
    }

    @Test("add puts files into the inbox, and with --wait says what came of each")
    func add() async throws {
        let live = try LiveLog()
        try await live.start()
        let file = live.directory.path("مقال.txt")
        try Data("نص".utf8).write(to: URL(filePath: file))
        let inbox = live.directory.path("inbox")
        try FileManager.default.createDirectory(atPath: inbox, withIntermediateDirectories: true)
        let dropped = try await Sijill.run(
            ["add", file, "--inbox", inbox, "--source", "وكالة", "--json"], url: live.url)
        #expect(dropped.code == 0)
        #expect(try JSONParser.parse(Array(dropped.output.utf8))["name"]?.text == "مقال.txt")
        #expect(try FileManager.default.contentsOfDirectory(atPath: inbox + "/وكالة") == ["مقال.txt"])
        #expect(
            try await Sijill.run(["add", live.directory.path, "--inbox", inbox], url: live.url).code == 64)
        #expect(try await Sijill.run(["add", file, "--inbox", file], url: live.url).code == 78)
        #expect(try await Sijill.run(["add", file + "x", "--inbox", inbox], url: live.url).code == 74)
        try await live.stop()
        // Without the daemon there is no outcome to wait for, so nothing is dropped.
        let unreachable = try await Sijill.run(["add", file, "--inbox", inbox, "--wait"], url: live.url)
        #expect(unreachable.code == 69)
        #expect(try FileManager.default.contentsOfDirectory(atPath: inbox) == ["وكالة"])
    }

    @Test("A server that cannot be reached is exit code 69 and one line; bad arguments are 64")
    func codes() async throws {
        for command in ["status", "replay", "follow"] {
            let run = try await Sijill.run([command], url: "http://127.0.0.1:1")
            #expect(run.code == 69)
            #expect(run.output.isEmpty)
            #expect(run.error.split(separator: "\n").count == 1)
            #expect(run.error.hasPrefix("sijill: http://127.0.0.1:1 cannot be reached: "))
        }
        for arguments in [
            ["replay", "--limit", "0"], ["replay", "--since", "yesterday"], ["replay", "--until", "x"],
            ["show"],
            ["replay", "--text", "yes"], ["unknown"],
        ] {
            #expect(try await Sijill.run(arguments, url: "http://127.0.0.1:1").code == 64, "\(arguments)")
        }
        #expect(try await Sijill.run(["status"], url: "nonsense").code == 64)
        #expect(try await Sijill.run(["--help"], url: "").code == 0)
    }
}

/// Runs the built program.
private enum Sijill {
    /// Beside the tests, where the package's products are built.
    private static var program: String {
        let arguments = ProcessInfo.processInfo.arguments
        let bundle = arguments.firstIndex(of: "--test-bundle-path").map { arguments[$0 + 1] } ?? arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent().appending(path: "sijill").path()
    }

    static func run(_ arguments: [String], url: String) async throws -> ChildProcess {
        try await start(program, arguments, url: url)
    }

    static func shell(_ script: String, url: String) async throws -> ChildProcess {
        try await start("/bin/bash", ["-c", script], url: url)
    }

    private static func start(_ path: String, _ arguments: [String], url: String) async throws -> ChildProcess
    {
        try await ChildProcess.run(
            path, arguments, environment: ["SIJILL_URL": url, "SIJILL": program, "PATH": "/usr/bin:/bin"])
    }
}
