import CSijillSystem
import Dispatch
import Glibc
import SijillFormat

/// A unix stream socket in a directory of ours: one line is asked, one line is answered.
///
/// Paths are reached through the directory's descriptor in /proc, so that a deep data directory does not run into
/// the 107 bytes that an address may have.
package enum LocalSocket {
    /// Bytes of a question or an answer.
    private static let lineBytesMax = 64 << 10
    /// Seconds that the other side may take.
    package static let patience = 10

    /// Asks the server at `path`; nil when none listens there.
    ///
    /// - Parameter patience: seconds that the answer may take.
    package static func ask(_ path: String, _ question: String, patience: Int = patience) throws(SystemError)
        -> String?
    {
        let socket = try makeSocket(path, patience)
        defer { close(socket) }
        let code = try withAddress(path) { connect(socket, $0, $1) == 0 ? 0 : errno }
        if code == ECONNREFUSED || code == ENOENT { return nil }
        if code != 0 { throw SystemError("connect", path, code: code) }
        try send(socket, question, path)
        return try receive(socket, path)
    }

    /// Listens at `path` with permissions 0600. What was there before is removed: the caller holds the directory's
    /// lock.
    package static func listen(_ path: String) throws(SystemError) -> Int32 {
        try Durable.remove(path)
        let socket = try makeSocket(path)
        // On Linux the name gets the permissions that the unbound socket has.
        try system("fchmod", path) { fchmod(socket, 0o600) }
        let code = try withAddress(path) { bind(socket, $0, $1) == 0 ? 0 : errno }
        guard code == 0 else {
            close(socket)
            throw SystemError("bind", path, code: code)
        }
        try system("listen", path) { Glibc.listen(socket, 16) }
        return socket
    }

    /// Takes one connection of a listening socket, answers its line and closes it.
    package static func answer(_ listener: Int32, _ path: String, _ reply: (String) -> String)
        throws(SystemError)
    {
        let socket = try system("accept", path) { sijill_accept(listener) }
        defer { close(socket) }
        setPatience(socket)
        try send(socket, reply(try receive(socket, path)), path)
    }

    private static func makeSocket(_ path: String, _ patience: Int = patience) throws(SystemError) -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        let socket = try system("socket", path) { Glibc.socket(AF_UNIX, type, 0) }
        setPatience(socket, patience)
        return socket
    }

    private static func setPatience(_ socket: Int32, _ patience: Int = patience) {
        var time = timeval(tv_sec: patience, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, length)
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, length)
    }

    private static func withAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) -> Int32 {
        let folder = Durable.parent(of: path)
        let descriptor = try system("open", folder) {
            sijill_open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        defer { close(descriptor) }
        let name = path.split(separator: "/").last.map(String.init) ?? path
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array("/proc/self/fd/\(descriptor)/\(name)".utf8)
        precondition(bytes.count < MemoryLayout.size(ofValue: address.sun_path))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func send(_ socket: Int32, _ line: String, _ path: String) throws(SystemError) {
        let bytes = Array((line + "\n").utf8)
        var sent = 0
        while sent < bytes.count {
            sent += try system("send", path) {
                bytes.withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
                }
            }
        }
    }

    /// Up to the newline, or to where the other side stops.
    private static func receive(_ socket: Int32, _ path: String) throws(SystemError) -> String {
        var line: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4_096)
        while line.count < lineBytesMax {
            let count = try system("recv", path) { recv(socket, &piece, piece.count, 0) }
            if count == 0 { break }
            line += piece[..<count]
            if let newline = line.firstIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: line[..<newline], as: UTF8.self)
            }
        }
        return String(decoding: line, as: UTF8.self)
    }
}
