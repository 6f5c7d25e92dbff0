import Foundation
import SijillFormat
import Testing

@testable import SijillDaemon

@Suite("Configuration")
struct ConfigurationTests {
    private func load(
        flags: [ConfigurationKey: String] = [:], environment: [String: String] = [:], yaml: String = ""
    ) throws(SijillError) -> DaemonConfiguration {
        try DaemonConfiguration.load(flags: flags, environment: environment, yaml: yaml, path: "sijilld.yaml")
    }

    @Test("Nothing said is the defaults")
    func defaults() throws {
        let configuration = try DaemonConfiguration.load(
            flags: [:], environment: ["HOME": "/home/n"], file: nil)
        #expect(configuration == DaemonConfiguration())
        #expect(configuration.data == DataDirectory("./var"))
        #expect(configuration.inboxPath == "./var/inbox")
        #expect(configuration.listen == .tcp(host: "127.0.0.1", port: 8750))
        #expect(configuration.limits.jsonlBytesMax == 17_179_869_184)
        #expect(configuration.limits.gzipRatioMax == 200)
        #expect(configuration.limits.gzipOutBytesMax == 1_073_741_824)
    }

    @Test("Flags win over the environment, the environment over the file, the file over the defaults")
    func precedence() throws {
        let yaml = "data: /file\ninbox:\n  path: /file-inbox\n  settle: 2s\nlog:\n  level: debug\n"
        let environment = [
            "SIJILL_DATA": "/environment", "SIJILL_INBOX_PATH": "/environment-inbox",
            "SIJILL_INBOX_EMPTY_WAIT": "5s",
        ]
        let configuration = try load(flags: [.data: "/flag"], environment: environment, yaml: yaml)
        #expect(configuration.data.root == "/flag")
        #expect(configuration.inboxPath == "/environment-inbox")
        #expect(configuration.inbox.emptyWait == .seconds(5))
        #expect(configuration.inbox.settle == .seconds(2))
        #expect(configuration.logLevel == .debug)
        #expect(configuration.inbox.rescan == .seconds(60))
    }

    @Test(
        "Every key can be set by a file and by its environment variable",
        arguments: ConfigurationKey.allCases.filter { $0 != .inboxAfter })
    func everyKey(_ key: ConfigurationKey) throws {
        let text = ConfigurationTests.otherValues[key] ?? ""
        let byFile = try load(yaml: ConfigurationTests.yaml(key, text))
        let byEnvironment = try load(environment: [key.environmentName: text])
        let byFlag = try load(flags: [key: text])
        #expect(byFile != DaemonConfiguration())
        #expect(byFile == byEnvironment)
        #expect(byFile == byFlag)
    }

    @Test("Each source says by itself how it delivers")
    func sources() throws {
        let yaml =
            "sources:\n  default:\n    encoding: windows-1256\n  وكالة:\n    marker: .ok\n    sidecar: required\n"
            + "    pair: html\n"
        let configuration = try load(yaml: yaml)
        #expect(configuration.sources["default"].encoding == "windows-1256")
        let agency = configuration.sources["وكالة"]
        #expect(agency.marker == Array(".ok".utf8))
        #expect(agency.sidecar == .required)
        #expect(agency.pairsPages)
        #expect(configuration.sources["another"] == .init())
    }

    @Test("The shipped file documents every key once, and uncommented it is exactly the defaults")
    func shippedFile() throws {
        let shipped = try String(contentsOf: ConfigurationTests.shippedFile, encoding: .utf8)
        let lines = shipped.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let text = line.drop { $0 == " " }
            guard text.first == "#", let next = text.dropFirst().first, next.isLetter else {
                return String(line)
            }
            return String(repeating: " ", count: line.count - text.count) + text.dropFirst()
        }
        let file = try ConfigurationFile(yaml: lines.joined(separator: "\n"), path: "sijilld.yaml")
        #expect(Set(file.settings.keys) == Set(ConfigurationKey.allCases))
        var configuration = try load(yaml: lines.joined(separator: "\n"))
        // The default inbox is said by its place, as a file has to.
        #expect(configuration.inbox.path == DaemonConfiguration().inboxPath)
        configuration.inbox.path = nil
        // The default name of a log has its id in it.
        #expect(configuration.logOrigin?.hasPrefix("sijill.local/") == true)
        configuration.logOrigin = nil
        // Examples of what has no default.
        #expect(configuration.access.allowedHosts == ["log.example.org"])
        #expect(configuration.access.allowedOrigins == ["https://desk.example.org"])
        (configuration.access.allowedHosts, configuration.access.allowedOrigins) = ([], [])
        configuration.access.tokensPath = nil
        configuration.data.keyElsewhere = nil
        (configuration.access.certificatePath, configuration.access.keyPath) = (nil, nil)
        #expect(configuration == DaemonConfiguration())
        for (line, previous) in zip(lines.dropFirst(), lines)
        where line.contains(": ") && !line.contains("# ") {
            #expect(previous.contains("# "), "no comment above \(line)")
        }
    }

    @Test("The shipped file as it is sets nothing")
    func shippedFileAsItIs() throws {
        let path = ConfigurationTests.shippedFile.path()
        let configuration = try DaemonConfiguration.load(flags: [:], environment: [:], file: path)
        #expect(configuration == DaemonConfiguration())
    }

    @Test(
        "An empty file, a file of comments and empty sections set nothing",
        arguments: [
            "", "\n", "# nothing\n", "---\n", "inbox:\nlimits:\n", "inbox: ~\n", "log: {}\n",
        ])
    func nothingSet(yaml: String) throws {
        #expect(try load(yaml: yaml) == DaemonConfiguration())
    }

    @Test(
        "What is wrong in a file is said with line, column and remedy",
        arguments: [
            (
                "data: /a\ninbox:\n  inbx: /b\n",
                "sijilld.yaml: line 3, column 3: unknown key 'inbox.inbx'; "
                    + "known here are after, empty_wait, ignored_report, mate_wait, path, poll, reread, rescan, "
                    + "settle, stuck, writer_poll"
            ),
            (
                "inbx:\n  path: /b\n",
                "sijilld.yaml: line 1, column 1: unknown key 'inbx'; did you mean 'inbox'?"
            ),
            (
                "limits:\n  file: 1MiB\n  jsonn_depth: 3\n",
                "sijilld.yaml: line 3, column 3: unknown key 'limits.jsonn_depth'; "
                    + "did you mean 'limits.json_depth'?"
            ),
            (
                "inbox.path: /b\n",
                "sijilld.yaml: line 1, column 1: unknown key 'inbox.path'; "
                    + "known here are allowed_hosts, allowed_origins, behind_proxy, data, disk, followers, "
                    + "inbox, intake, limits, listen, log, scrub, sources, tls, tokens"
            ),
            (
                "inbox: /b\n",
                "sijilld.yaml: line 1, column 8: 'inbox' has to be a section; "
                    + "write keys and values, such as path: VALUE"
            ),
            (
                "data:\n  - /a\n",
                "sijilld.yaml: line 2, column 3: 'data' takes one value; write data: VALUE"
            ),
            (
                "data:\n",
                "sijilld.yaml: line 1, column 1: 'data' has no value; give it one or take the line out"
            ),
            (
                "inbox:\n  settle: soon\n",
                "sijilld.yaml: line 2, column 11: 'soon' is no value of 'inbox.settle'; "
                    + "write a time from 0s to 1h, such as 500ms, 1s, 2m or 1h"
            ),
            (
                "inbox:\n  after: move\n",
                "sijilld.yaml: line 2, column 10: 'move' is no value of 'inbox.after'; "
                    + "write archive or keep"
            ),
            (
                "sources:\n  agency:\n    market: .ok\n",
                "sijilld.yaml: line 3, column 5: unknown key 'sources.agency.market'; did you mean "
                    + "'sources.agency.marker'?"
            ),
            (
                "sources:\n  agency:\n    marker: ok\n",
                "sijilld.yaml: line 3, column 13: 'ok' is no value of 'sources.agency.marker'; "
                    + "write an ending with a point that is not left alone, such as .ok or .done"
            ),
            (
                "sources:\n  a/b:\n    pair: html\n",
                "sijilld.yaml: line 2, column 3: a source has to be the name of a folder in the inbox; "
                    + "write its name, or default for the inbox itself"
            ),
            (
                "data: \"/a\nb: [\n",
                "sijilld.yaml: line 3, column 1: not YAML: found unexpected end of stream; "
                    + "correct it; config/sijilld.yaml of the distribution shows every key"
            ),
            (
                "- data\n",
                "sijilld.yaml: line 1, column 1: the file has to consist of keys; "
                    + "write keys and values, such as data: VALUE"
            ),
        ])
    func errorsInAFile(yaml: String, message: String) {
        let error = #expect(throws: SijillError.self) { try load(yaml: yaml) }
        #expect(error?.description == message)
        #expect(error?.code == .configuration)
    }

    @Test(
        "An address that others can reach is refused without tokens and TLS, and the remedy names what is missing"
    )
    func openAddress() throws {
        for address in ["0.0.0.0:8750", "[::]:8750", "log.example.org:80", "127.0.0.example.org:80"] {
            let open = try load(flags: [.listen: address])
            let error = #expect(throws: SijillError.self) { _ = try FeedAccess(open) }
            #expect(error?.code == .configuration)
            #expect(error?.remedy.contains("set tokens, and tls.certificate and tls.key") == true)
            _ = try FeedAccess(try load(flags: [.listen: address, .behindProxy: "true"]))
        }
        for address in ["127.0.0.1:0", "localhost:1", "[::1]:8750", "unix:/x"] {
            _ = try FeedAccess(try load(flags: [.listen: address]))
        }
    }

    @Test("A key that stands twice is an error that names it")
    func duplicateKey() {
        let error = #expect(throws: SijillError.self) {
            try load(yaml: "data: /a\nlisten: unix:/b\ndata: /c\n")
        }
        #expect(error?.message.contains("'data'") == true)
        #expect(error?.message.contains("twice") == true)
    }

    @Test("A wrong value of a flag or a variable is said with its name")
    func errorsElsewhere() {
        let flag = #expect(throws: SijillError.self) { try load(flags: [.logLevel: "loud"]) }
        #expect(
            flag?.description == "flag --log-level: 'loud' is no value of 'log.level'; "
                + "write one of trace, debug, info, notice, warning, error, critical")
        let variable = #expect(throws: SijillError.self) {
            try load(environment: ["SIJILL_INTAKE_WORKERS": "-1"])
        }
        #expect(
            variable?.description == "environment variable SIJILL_INTAKE_WORKERS: '-1' is no value of "
                + "'intake.workers'; write a whole number from 0 to 1024")
    }

    @Test("A file that is named has to be there and readable")
    func missingFile() {
        let error = #expect(throws: SijillError.self) {
            try DaemonConfiguration.load(flags: [:], environment: [:], file: "/nowhere/sijilld.yaml")
        }
        #expect(error?.code == .configuration)
        #expect(error?.message == "/nowhere/sijilld.yaml: cannot be read: No such file or directory")
        let folder = #expect(throws: SijillError.self) {
            try DaemonConfiguration.load(flags: [:], environment: [:], file: "/")
        }
        #expect(folder?.message == "/: cannot be read: Is a directory")
    }

    @Test(
        "Values that do not fit their key are refused",
        arguments: [
            (.data, ""), (.inboxSettle, "1"), (.inboxSettle, "1.5s"), (.inboxSettle, "-1s"),
            (.inboxSettle, "2h"),
            (.inboxRescan, "0s"), (.inboxRescan, "9999999999999999h"), (.limitsFile, "64MB"),
            (.limitsFile, "1"),
            (.limitsFile, "0x10KiB"), (.limitsJSONL, "99999999TiB"), (.limitsJSONDepth, "0"),
            (.limitsGzipRatio, "0"), (.limitsGzipRatio, "1101"), (.limitsGzipOut, "1B"),
            (.limitsGzipOut, "2TiB"),
            (.limitsJSONDepth, "64KiB"), (.limitsJSONDepth, "+4"), (.listen, "8750"), (.listen, "127.0.0.1:"),
            (.listen, "127.0.0.1:65536"), (.listen, "unix:"), (.behindProxy, "yes"),
            (.followersMax, "0"), (.followersPerToken, "many"), (.tokens, ""), (.logLevel, "INFO"),
            (.intakeWorkers, "four"),
            (.diskReserve, "2%"),
        ] as [(ConfigurationKey, String)])
    func refused(key: ConfigurationKey, text: String) {
        #expect(throws: SijillError.self) { try load(flags: [key: text]) }
    }

    @Test(
        "Sizes, times and addresses are read and written the same",
        arguments: [
            (.limitsFile, "1536KiB"), (.inboxSettle, "250ms"), (.inboxRescan, "90s"),
        ] as [(ConfigurationKey, String)])
    func quantities(key: ConfigurationKey, text: String) throws {
        let configuration = try load(flags: [key: text])
        switch key {
        case .limitsFile: #expect(ByteCount(configuration.limits.fileBytesMax).description == text)
        case .inboxSettle: #expect(configuration.inbox.settle.written == text)
        default: #expect(configuration.inbox.rescan.written == text)
        }
    }

    @Test(
        "Listening addresses are this machine's own or a socket in the file system",
        arguments: [
            ("127.0.0.1:8750", .tcp(host: "127.0.0.1", port: 8750)), ("[::1]:0", .tcp(host: "::1", port: 0)),
            ("localhost:80", .tcp(host: "localhost", port: 80)),
            ("unix:/run/sijill/feed", .unixSocket(path: "/run/sijill/feed")),
            ("127.8.0.1:65535", .tcp(host: "127.8.0.1", port: 65_535)),
        ] as [(String, ListenAddress)])
    func listenAddresses(text: String, address: ListenAddress) throws {
        let configuration = try load(flags: [.listen: text])
        #expect(configuration.listen == address)
        #expect(address.description == text)
    }

    /// A value of each key that is not its default.
    private static let otherValues: [ConfigurationKey: String] = [
        .data: "/var/lib/sijill", .inboxPath: "/srv/وارد", .inboxSettle: "250ms", .inboxRescan: "5m",
        .inboxEmptyWait: "1h", .inboxMateWait: "2s", .inboxReread: "50ms", .inboxPoll: "200ms",
        .inboxWriterPoll: "20ms", .inboxStuck: "2h", .inboxIgnoredReport: "1h",
        .listen: "unix:/run/sijill/feed", .behindProxy: "true",
        .allowedHosts: "a.example,b.example",
        .allowedOrigins: "https://a.example", .tokens: "/tokens", .tlsCertificate: "/c.pem",
        .tlsKey: "/k.pem",
        .followersMax: "5", .followersPerToken: "2", .logLevel: "warning",
        .logOrigin: "archive.example/log", .logKey: "/signing.key", .diskReserve: "1GiB",
        .scrubRate: "0", .scrubInterval: "24h",
        .limitsFile: "1MiB", .limitsJSONL: "1TiB", .limitsLine: "64KiB", .limitsText: "2048",
        .limitsGzipRatio: "50", .limitsGzipOut: "4GiB", .limitsJSONDepth: "5",
        .intakeWorkers: "3",
    ]

    private static func yaml(_ key: ConfigurationKey, _ text: String) -> String {
        var yaml = ""
        for (depth, name) in key.components.enumerated() {
            yaml +=
                String(repeating: "  ", count: depth) + name + ":"
                + (depth + 1 == key.components.count ? " " : "\n")
        }
        return yaml + text + "\n"
    }

    private static let shippedFile = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "config/sijilld.yaml")
}
