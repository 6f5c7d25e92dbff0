import SijillStore

/// Where the feed listens and how long it is patient. Everything has the default of the contract.
package struct FeedConfiguration: Sendable {
    /// Where to listen.
    package enum Address: Hashable, Sendable, CustomStringConvertible {
        /// A name or address and a TCP port; port 0 takes any free one.
        case host(String, port: Int)
        /// The path of a unix socket.
        case unix(String)
        /// Listening sockets that are open already, and where they listen.
        case inherited([Int32], names: [String])

        package var description: String {
            switch self {
            case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path): "unix:\(path)"
            case .inherited(_, let names): names.joined(separator: ", ")
            }
        }
    }

    package var address: Address
    /// Names that a request may give as its host, besides `localhost`, `127.0.0.1` and `[::1]`.
    package var allowedHosts: [String] = []
    /// After this long without a change a stream sends a blank line.
    package var heartbeat: Duration = .seconds(15)
    /// A connection that takes no byte for this long, while bytes wait for it, is closed.
    package var stallMax: Duration = .seconds(60)
    /// How long a response in progress may go on after a graceful shutdown began.
    package var shutdownGrace: Duration = .seconds(5)

    /// The log is a mirror's: a cursor beyond its tip is one that it has not come to yet.
    package var isMirror = false

    /// Who may ask for what; without tokens everyone.
    package var access = AccessControl()
    /// Certificate and key; nil for plain HTTP.
    package var security: TransportSecurity?
    /// Pages of these origins may read the answers (CORS); `*` for all.
    package var allowedOrigins: [String] = []
    /// Streams and long polls at the same time.
    package var followersMax = 20_000
    /// Streams and long polls at the same time with one token.
    package var followersPerTokenMax = 1_000
    /// How many there are now; the server keeps it.
    package let followers = FollowerGauge()
    /// Named consumers; nil for none, as on a mirror.
    package var consumers: ConsumerStore?
    /// What the dashboard shows of the way in; nil where there is none, as on a mirror.
    package var dashboard: DashboardParts?
    /// A request, head and body, that takes longer than this is cut off.
    package var requestMax: Duration = .seconds(10)
    /// A connection that sends nothing for this long after an answer is closed.
    package var idleMax: Duration = .seconds(75)

    package init(address: Address = .host("127.0.0.1", port: 8750)) { self.address = address }
}

/// Limits of the feed, each with its unit (contract: feed §2 and §6).
package enum FeedLimits {
    /// Changes on a page when the request names no limit.
    package static let pageChangesDefault = 100
    /// Changes on a page.
    package static let pageChangesMax = 10_000
    /// Bytes of changes on a page when the request names no limit. One change is always sent.
    package static let pageBytesDefault = 1 << 20
    /// Bytes of changes on a page.
    package static let pageBytesMax = 64 << 20
    /// Bytes read and handed to the socket at once.
    package static let pieceBytes = 128 << 10
    /// Pieces of one answer that are in memory.
    package static let piecesMax = 3
    /// Bytes of a segment that follow each other, from which on the kernel is told to send them from the file.
    package static let fileBytesMin = 64 << 10
    /// Bytes of a file that the socket is given at once.
    package static let filePartBytes = 1 << 20
    /// How long a long poll waits when the request does not say.
    package static let pollDefault = Duration.seconds(30)
    /// How long a long poll waits at most.
    package static let pollMax = Duration.seconds(300)
    /// Bytes read and handed to the socket of one follower at once.
    package static let streamPieceBytes = 64 << 10
    /// Changes that a stream looks up at once, and after which one with a filter says how far it came.
    package static let streamChanges = 1_000
    /// Bytes of changes that a stream looks up at once.
    package static let streamBytes = 1 << 20
    /// Bytes of a request's head.
    package static let requestHeadBytesMax = 16 << 10
    /// Bytes of a request's body.
    package static let requestBodyBytesMax = 1 << 20
}
