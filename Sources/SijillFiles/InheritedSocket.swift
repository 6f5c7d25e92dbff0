import Glibc
import SijillFormat

/// A listening socket that the service manager opened and hands over: the protocol of sd_listen_fds(3), without
/// libsystemd. It stays open while the daemon restarts, so clients queue at it.
package struct InheritedSocket: Hashable, Sendable {
    package let descriptor: Int32
    /// `127.0.0.1:8750`, `[::1]:8750`, `unix:/run/sijill.sock`.
    package let address: String
    /// Whether only this machine can reach it.
    package let isLocal: Bool

    /// The first descriptor that is handed over.
    private static let first: Int32 = 3

    /// Reads `LISTEN_FDS` and `LISTEN_PID`; empty where nothing was handed over to this process.
    ///
    /// - Throws: `SijillError` `.configuration` when something else than a listening stream socket was handed over.
    package static func all(
        environment: [String: String], processID: Int32 = getpid()
    ) throws(SijillError) -> [InheritedSocket] {
        guard environment["LISTEN_PID"].flatMap(Int32.init) == processID,
            let count = environment["LISTEN_FDS"].flatMap(Int32.init), 1...1_024 ~= count
        else { return [] }
        var sockets: [InheritedSocket] = []
        for descriptor in first..<first + count { sockets.append(try InheritedSocket(descriptor)) }
        return sockets
    }

    private init(_ descriptor: Int32) throws(SijillError) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var isListening: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0, isListening == 1,
            let (address, isLocal) = Self.address(descriptor)
        else {
            throw SijillError(
                .configuration,
                "descriptor \(descriptor), which the service manager hands over, is no listening stream socket",
                remedy: "in the socket unit, use ListenStream= and no other kind")
        }
        self.address = address
        self.isLocal = isLocal
    }

    private static func address(_ descriptor: Int32) -> (String, isLocal: Bool)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &length)
            }
        }
        guard code == 0 else { return nil }
        switch Int32(storage.ss_family) {
        case AF_UNIX: return ("unix:\(path(storage))", true)
        case AF_INET:
            let address = withUnsafeBytes(of: storage) { $0.load(as: sockaddr_in.self) }
            let bytes = withUnsafeBytes(of: address.sin_addr) { Array($0) }
            let port = UInt16(bigEndian: address.sin_port)
            return ("\(bytes.map(String.init).joined(separator: ".")):\(port)", bytes[0] == 127)
        case AF_INET6:
            let address = withUnsafeBytes(of: storage) { $0.load(as: sockaddr_in6.self) }
            let bytes = withUnsafeBytes(of: address.sin6_addr) { Array($0) }
            let groups = stride(from: 0, to: 16, by: 2).map {
                String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
            }
            let isLoopback = bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
            let port = UInt16(bigEndian: address.sin6_port)
            return ("[\(isLoopback ? "::1" : groups.joined(separator: ":"))]:\(port)", isLoopback)
        default: return nil
        }
    }

    private static func path(_ storage: sockaddr_storage) -> String {
        withUnsafeBytes(of: storage) { bytes in
            let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? MemoryLayout<sa_family_t>.size
            return String(decoding: bytes[start...].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
