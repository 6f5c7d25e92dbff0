import Foundation
import Glibc
import Logging
import SijillFiles

/// Where the logger's lines go, and how they look there.
enum LoggerOutput {
    /// Whether standard error is the journal: systemd names the stream's device and inode (systemd.exec(5)).
    static let isJournal: Bool = {
        guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"] else { return false }
        let numbers = stream.split(separator: ":").compactMap { UInt64($0) }
        var status = stat()
        guard numbers.count == 2, fstat(STDERR_FILENO, &status) == 0 else { return false }
        return numbers == [UInt64(status.st_dev), UInt64(status.st_ino)]
    }()

    /// A logger for standard error: with priorities and without times where that is the journal, which adds them.
    static func logger(label: String, level: Logger.Level) -> Logger {
        var logger = Logger(label: label) { label -> any LogHandler in
            isJournal ? JournalLogHandler() : StreamLogHandler.standardError(label: label)
        }
        logger.logLevel = level
        return logger
    }
}

/// Writes each message as one line that begins with its priority, `<N>` (sd-daemon(3)).
struct JournalLogHandler: LogHandler {
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        Self.write(
            Self.line(level: event.level, message: event.message.description, metadata: all))
    }

    /// `<6>batch added=3 log.sequence=42`, keys sorted, and no line break but the last.
    static func line(level: Logger.Level, message: String, metadata: Logger.Metadata) -> String {
        let members = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        return "<\(priority(level))>\((message + members).escapedForDisplay)\n"
    }

    /// syslog(3).
    static func priority(_ level: Logger.Level) -> Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// One call, so that lines of several threads do not mix.
    private static func write(_ line: String) {
        let bytes = Array(line.utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
