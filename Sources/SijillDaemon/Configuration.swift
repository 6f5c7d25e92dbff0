import Logging
import SijillFormat

/// What the daemon is told before it starts; every key is explained in `config/sijilld.yaml`.
///
/// Read with `DaemonConfiguration.load`: flags win over the environment, the environment over the file, the file
/// over the defaults. Every value has been checked by then.
package struct DaemonConfiguration: Hashable, Sendable {
    /// `data`.
    package var data = DataDirectory("./var")
    package var inbox = Inbox()
    /// `listen`.
    package var listen = ListenAddress.tcp(host: "127.0.0.1", port: 8750)
    /// Who may reach the feed.
    package var access = Access()
    /// `log.level`: what the logger writes, not what the log holds.
    package var logLevel = Logger.Level.info
    /// `log.origin`: the name that checkpoints are signed under; nil for `sijill.local/<log>`.
    package var logOrigin: String?
    /// `disk.reserve`: intake pauses when less than this is free.
    package var diskReserveBytes = 256 << 20
    package var limits = IntakeLimits()
    /// `intake.workers`: how many files are parsed at the same time; 0 stands for as many as there are cores.
    package var workerCount = 0

    /// All defaults.
    package init() {}

    /// The folder that files are dropped into: `inbox.path`, or the one in the data directory.
    package var inboxPath: String { inbox.path ?? data.inbox }

    /// Keys `inbox.…`.
    package struct Inbox: Hashable, Sendable {
        /// `inbox.path`; nil for the inbox of the data directory.
        package var path: String?
        /// `inbox.settle`: how long a closed file has to stay unchanged before it is read.
        package var settle = Duration.seconds(1)
        /// `inbox.rescan`: time between two scans of the whole inbox.
        package var rescan = Duration.seconds(60)
        /// `inbox.empty_wait`: how long a file without a byte may wait for its first one.
        package var emptyWait = Duration.seconds(60)
        /// `inbox.after`.
        package var after = AfterIntake.archive
    }

    /// Who may reach the feed, and how many (contract: feed §6).
    package struct Access: Hashable, Sendable {
        /// `behind_proxy`: a proxy in front sees to TLS and to who may ask.
        package var isBehindProxy = false
        /// `allowed_hosts`.
        package var allowedHosts: [String] = []
        /// `allowed_origins`.
        package var allowedOrigins: [String] = []
        /// `tokens`: the file that holds them; nil for none.
        package var tokensPath: String?
        /// `tls.certificate`.
        package var certificatePath: String?
        /// `tls.key`.
        package var keyPath: String?
        /// `followers.max`.
        package var followersMax = 20_000
        /// `followers.per_token`.
        package var followersPerTokenMax = 1_000
    }

    /// What becomes of a file whose change is durable.
    package enum AfterIntake: String, CaseIterable, Hashable, Sendable {
        /// It is removed; its bytes are among the originals.
        case archive
    }

    /// Keys `limits.…`: what is larger is rejected.
    package struct IntakeLimits: Hashable, Sendable {
        /// `limits.file`: bytes of a file that holds one article or one array.
        package var fileBytesMax = 64 << 20
        /// `limits.jsonl`: bytes of a file with one article a line.
        package var jsonlBytesMax = 16 << 30
        /// `limits.line`: bytes of one such line.
        package var lineBytesMax = 8 << 20
        /// `limits.text`: bytes of an article's text as UTF-8.
        package var textBytesMax = 4 << 20
        /// `limits.gzip_ratio`: how many times as big a gzip file may become.
        package var gzipRatioMax = 200
        /// `limits.gzip_out`: bytes that a gzip file may have unpacked.
        package var gzipOutBytesMax = 1 << 30
        /// `limits.json_depth`: objects and arrays inside one another.
        package var jsonDepthMax = 64
    }
}

/// Where the feed is served.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// Port 0 lets the system choose one.
    case tcp(host: String, port: Int)
    case unixSocket(path: String)

    /// As it is written in the configuration.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unixSocket(let path): "unix:\(path)"
        }
    }
}
