import Glibc

/// Tells the service manager how the daemon is doing: the protocol of sd_notify(3), without libsystemd.
///
/// Where no service manager listens, every call does nothing. A call opens its own socket, so it may be made from
/// any queue; it waits at most one second for a service manager that does not read.
package struct ServiceNotifier: Hashable, Sendable {
    /// One thing to tell.
    package enum Message: Hashable, Sendable {
        /// The daemon can do its work: the log has been read and the sockets are open.
        case ready
        /// The configuration is being read again; `ready` has to follow.
        case reloading
        case stopping
        /// The watchdog's timer starts again. Sent by the queue whose life matters, the ledger's.
        case alive
        /// One line for `systemctl status`.
        case status(String)
    }

    /// `NOTIFY_SOCKET`: a path, or `@` and an abstract name (unix(7)); nil when no one listens.
    private let address: String?

    /// Longest time between two `alive` that the service manager accepts; nil when it does not watch this process.
    /// Send it twice as often.
    package let watchdogInterval: Duration?

    /// Does nothing.
    package static let none = ServiceNotifier(environment: [:], processID: 0)

    /// Reads `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`, sd_watchdog_enabled(3).
    package init(environment: [String: String], processID: Int32 = getpid()) {
        address = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isWatched = environment["WATCHDOG_PID"].map { $0 == String(processID) } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
        watchdogInterval = isWatched && microseconds > 0 ? .microseconds(microseconds) : nil
    }

    /// Sends all of `messages` as one datagram.
    ///
    /// - Throws: `SystemError` when the socket cannot be reached. The daemon goes on without: a service manager
    ///   that waited for the message acts by itself.
    package func send(_ messages: Message...) throws(SystemError) {
        guard let address, !messages.isEmpty else { return }
        let text = messages.map(\.text).joined(separator: "\n")
        let descriptor = try system("socket", address) {
            socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        try system("setsockopt", address) {
            setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        var (target, length) = try ServiceNotifier.socketAddress(address)
        let bytes = Array(text.utf8)
        try system("sendto", address) {
            withUnsafePointer(to: &target) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), $0, length)
                }
            }
        }
    }

    /// An abstract name begins with a NUL in place of `@` and ends with its last byte; a path ends with a NUL.
    private static func socketAddress(_ name: String) throws(SystemError) -> (sockaddr_un, socklen_t) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        guard isAbstract || bytes.first == UInt8(ascii: "/") else {
            throw SystemError("NOTIFY_SOCKET", name, code: EAFNOSUPPORT)
        }
        if isAbstract { bytes[0] = 0 } else { bytes.append(0) }
        guard bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError("NOTIFY_SOCKET", name, code: ENAMETOOLONG)
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? MemoryLayout<sa_family_t>.size
        return (address, socklen_t(start + bytes.count))
    }
}

extension ServiceNotifier.Message {
    fileprivate var text: String {
        switch self {
        case .ready: "READY=1"
        case .reloading:
            // The service manager uses the time to tell this reload from an earlier one.
            "RELOADING=1\nMONOTONIC_USEC=\(ServiceNotifier.Message.monotonicMicroseconds)"
        case .stopping: "STOPPING=1"
        case .alive: "WATCHDOG=1"
        // A line break would begin another message.
        case .status(let line): "STATUS=\(line.escapedForDisplay)"
        }
    }

    private static var monotonicMicroseconds: UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1_000
    }
}
