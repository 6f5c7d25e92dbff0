import Logging
import SijillArticles
import SijillFormat
import SijillIngest

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
    package var scrub = Scrub()
    package var limits = InputLimits()
    /// `sources.…`: how each source delivers.
    package var sources = SourceRules()
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
        /// `inbox.mate_wait`: how long a file waits for its sidecar, and a sidecar for its file.
        package var mateWait = Duration.seconds(30)
        /// `inbox.reread`: when a file that looks cut is read again for the first time.
        package var reread = Duration.seconds(5)
        /// `inbox.poll`: time between two looks where the kernel does not tell.
        package var poll = Duration.seconds(5)
        /// `inbox.writer_poll`: time between two questions whether a file still has a writer.
        package var writerPoll = Duration.seconds(1)
        /// `inbox.stuck`: from when on a file with a writer counts as stuck.
        package var stuck = Duration.seconds(3_600)
        /// `inbox.ignored_report`: from what age on names that are left alone are reported.
        package var ignoredReport = Duration.seconds(86_400)
    }

    /// Keys `scrub.…`.
    package struct Scrub: Hashable, Sendable {
        /// `scrub.rate`: bytes of log and originals that are read again each second; 0 for none.
        package var rateBytes = 256 << 10
        /// `scrub.interval`: from the beginning of a pass over everything to that of the next.
        package var interval = Duration.seconds(7 * 86_400)
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
        /// It is moved to `<data>/done/<date>/`.
        case keep
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
