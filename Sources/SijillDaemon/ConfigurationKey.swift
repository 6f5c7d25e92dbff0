import Logging
import SijillFormat
import SijillMerkle

/// Every key that can be configured, as it is written with dots.
package enum ConfigurationKey: String, CaseIterable, Hashable, Sendable {
    case data
    case inboxPath = "inbox.path"
    case inboxSettle = "inbox.settle"
    case inboxRescan = "inbox.rescan"
    case inboxEmptyWait = "inbox.empty_wait"
    case inboxAfter = "inbox.after"
    case inboxMateWait = "inbox.mate_wait"
    case inboxReread = "inbox.reread"
    case inboxPoll = "inbox.poll"
    case inboxWriterPoll = "inbox.writer_poll"
    case inboxStuck = "inbox.stuck"
    case inboxIgnoredReport = "inbox.ignored_report"
    case listen
    case behindProxy = "behind_proxy"
    case allowedHosts = "allowed_hosts"
    case allowedOrigins = "allowed_origins"
    case tokens
    case tlsCertificate = "tls.certificate"
    case tlsKey = "tls.key"
    case followersMax = "followers.max"
    case followersPerToken = "followers.per_token"
    case logLevel = "log.level"
    case logOrigin = "log.origin"
    case logKey = "log.key"
    case diskReserve = "disk.reserve"
    case scrubRate = "scrub.rate"
    case scrubInterval = "scrub.interval"
    case limitsFile = "limits.file"
    case limitsJSONL = "limits.jsonl"
    case limitsLine = "limits.line"
    case limitsText = "limits.text"
    case limitsGzipRatio = "limits.gzip_ratio"
    case limitsGzipOut = "limits.gzip_out"
    case limitsJSONDepth = "limits.json_depth"
    case intakeWorkers = "intake.workers"

    /// The parts between the dots.
    var components: [String] { rawValue.split(separator: ".").map(String.init) }

    /// The environment variable that sets it: `SIJILL_INBOX_PATH` for `inbox.path`.
    package var environmentName: String {
        "SIJILL_" + components.joined(separator: "_").uppercased()
    }

    /// Whether it takes several values: a YAML list, or one text with commas.
    var isList: Bool { self == .allowedHosts || self == .allowedOrigins }

    /// The flag that sets it, for keys that have one.
    package var flag: String? {
        switch self {
        case .data: "--data"
        case .inboxPath: "--inbox"
        case .listen: "--listen"
        case .logLevel: "--log-level"
        default: nil
        }
    }
}

extension DaemonConfiguration {
    /// Sets `key` to what `text` says.
    ///
    /// - Throws: `InvalidValue` when the text is not a value of that key or is out of its range.
    mutating func set(_ key: ConfigurationKey, to text: String) throws(InvalidValue) {
        let bytes = ByteCount(1 << 10)...ByteCount(1 << 30)
        switch key {
        case .data: data = DataDirectory(try path(text))
        case .inboxPath: inbox.path = try path(text)
        case .inboxSettle: inbox.settle = try duration(text, in: .zero ... .seconds(3_600))
        case .inboxRescan: inbox.rescan = try duration(text, in: .seconds(1) ... .seconds(86_400))
        case .inboxEmptyWait: inbox.emptyWait = try duration(text, in: .zero ... .seconds(86_400))
        case .inboxAfter: inbox.after = try afterIntake(text)
        case .inboxMateWait: inbox.mateWait = try duration(text, in: .zero ... .seconds(86_400))
        case .inboxReread: inbox.reread = try duration(text, in: .milliseconds(10) ... .seconds(3_600))
        case .inboxPoll: inbox.poll = try duration(text, in: .milliseconds(100) ... .seconds(3_600))
        case .inboxWriterPoll: inbox.writerPoll = try duration(text, in: .milliseconds(10) ... .seconds(60))
        case .inboxStuck: inbox.stuck = try duration(text, in: .seconds(1) ... .seconds(86_400))
        case .inboxIgnoredReport:
            inbox.ignoredReport = try duration(text, in: .seconds(1) ... .seconds(31_536_000))
        case .listen: listen = try ListenAddress(parsing: text)
        case .behindProxy: access.isBehindProxy = try yesOrNo(text)
        case .allowedHosts: access.allowedHosts = list(text)
        case .allowedOrigins: access.allowedOrigins = list(text)
        case .tokens: access.tokensPath = try path(text)
        case .tlsCertificate: access.certificatePath = try path(text)
        case .tlsKey: access.keyPath = try path(text)
        case .followersMax: access.followersMax = try count(text, in: 1...1_000_000)
        case .followersPerToken: access.followersPerTokenMax = try count(text, in: 1...1_000_000)
        case .logLevel: logLevel = try level(text)
        case .logOrigin: logOrigin = try origin(text)
        case .logKey: data.keyElsewhere = try path(text)
        case .diskReserve: diskReserveBytes = try size(text, in: ByteCount(0)...ByteCount(1 << 40))
        case .scrubRate: scrub.rateBytes = try size(text, in: ByteCount(0)...ByteCount(1 << 30))
        case .scrubInterval: scrub.interval = try duration(text, in: .seconds(1) ... .seconds(31_536_000))
        case .limitsFile: limits.fileBytesMax = try size(text, in: bytes)
        case .limitsJSONL:
            limits.jsonlBytesMax = UInt64(try size(text, in: ByteCount(1 << 10)...ByteCount(1 << 40)))
        case .limitsLine: limits.lineBytesMax = try size(text, in: bytes)
        case .limitsText: limits.textBytesMax = try size(text, in: bytes)
        case .limitsGzipRatio: limits.gzipRatioMax = try count(text, in: 1...1_100)
        case .limitsGzipOut:
            limits.gzipOutBytesMax = UInt64(try size(text, in: ByteCount(1 << 10)...ByteCount(1 << 40)))
        case .limitsJSONDepth: limits.jsonDepthMax = try count(text, in: 1...64)
        case .intakeWorkers: workerCount = try count(text, in: 0...1_024)
        }
    }
}

private func yesOrNo(_ text: String) throws(InvalidValue) -> Bool {
    switch text {
    case "true": return true
    case "false": return false
    default: throw InvalidValue(text, expected: "true or false")
    }
}

/// Words with commas between.
private func list(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingPrefix(" ") }.map { String($0) }.filter { !$0.isEmpty }
}

private func path(_ text: String) throws(InvalidValue) -> String {
    guard !text.isEmpty, !text.utf8.contains(0) else {
        throw InvalidValue(text, expected: "the path of a folder")
    }
    return text
}

private func origin(_ text: String) throws(InvalidValue) -> String {
    guard NoteVerifierKey.isName(text), text.utf8.count <= 255 else {
        throw InvalidValue(text, expected: "a name without spaces and '+', such as archive.example/log")
    }
    return text
}

private func level(_ text: String) throws(InvalidValue) -> Logger.Level {
    guard let level = Logger.Level(rawValue: text) else {
        throw InvalidValue(
            text, expected: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return level
}

private func afterIntake(_ text: String) throws(InvalidValue) -> DaemonConfiguration.AfterIntake {
    guard let after = DaemonConfiguration.AfterIntake(rawValue: text) else {
        throw InvalidValue(text, expected: "archive or keep")
    }
    return after
}

private func count(_ text: String, in range: ClosedRange<Int>) throws(InvalidValue) -> Int {
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }), let value = Int(text),
        range.contains(value)
    else { throw InvalidValue(text, expected: expected) }
    return value
}

private func duration(_ text: String, in range: ClosedRange<Duration>) throws(InvalidValue) -> Duration {
    guard let value = Duration(parsing: text), range.contains(value) else {
        let ends = "\(range.lowerBound.written) to \(range.upperBound.written)"
        throw InvalidValue(text, expected: "a time from \(ends), such as 500ms, 1s, 2m or 1h")
    }
    return value
}

private func size(_ text: String, in range: ClosedRange<ByteCount>) throws(InvalidValue) -> Int {
    guard let value = ByteCount(parsing: text), range.contains(value) else {
        throw InvalidValue(
            text, expected: "a size from \(range.lowerBound) to \(range.upperBound), such as 64MiB or 512KiB")
    }
    return value.bytes
}
