import Glibc
import Testing

@testable import SijillFiles

@Suite("Service notifier")
struct ServiceNotifierTests {
    @Test("What is told arrives as one datagram at a socket with a path")
    func pathSocket() throws {
        let path = "/tmp/sijill-notify-\(UInt64.random(in: 0 ... .max))"
        defer { unlink(path) }
        let listener = try Listener(name: path)
        let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": path])
        try notifier.send(.ready, .status("412 changes, inbox empty"))
        #expect(listener.receive() == "READY=1\nSTATUS=412 changes, inbox empty")
    }

    @Test("What is told arrives at a socket with an abstract name")
    func abstractSocket() throws {
        let name = "@sijill-notify-\(UInt64.random(in: 0 ... .max))"
        let listener = try Listener(name: name)
        let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": name])
        try notifier.send(.alive)
        #expect(listener.receive() == "WATCHDOG=1")
        try notifier.send(.stopping)
        #expect(listener.receive() == "STOPPING=1")
    }

    @Test("A reload carries the monotonic time in microseconds")
    func reloading() throws {
        let name = "@sijill-notify-\(UInt64.random(in: 0 ... .max))"
        let listener = try Listener(name: name)
        let before = Listener.monotonicMicroseconds()
        try ServiceNotifier(environment: ["NOTIFY_SOCKET": name]).send(.reloading)
        let after = Listener.monotonicMicroseconds()
        let lines = listener.receive().split(separator: "\n")
        try #require(lines.count == 2)
        #expect(lines[0] == "RELOADING=1")
        let time = try #require(UInt64(lines[1].dropFirst("MONOTONIC_USEC=".count)))
        #expect(before <= time && time <= after)
    }

    @Test("A line break in a status cannot begin another message")
    func statusIsOneLine() throws {
        let name = "@sijill-notify-\(UInt64.random(in: 0 ... .max))"
        let listener = try Listener(name: name)
        try ServiceNotifier(environment: ["NOTIFY_SOCKET": name]).send(.status("محفوظ\nSTOPPING=1"))
        #expect(listener.receive() == "STATUS=محفوظ\\u{a}STOPPING=1")
    }

    @Test(
        "Without a service manager nothing is sent and nothing fails",
        arguments: [[:], ["NOTIFY_SOCKET": ""]])
    func noServiceManager(environment: [String: String]) throws {
        try ServiceNotifier(environment: environment).send(.ready)
        try ServiceNotifier.none.send(.alive)
    }

    @Test("A socket that nobody listens on is an error that names it")
    func nobodyListens() throws {
        let path = "/tmp/sijill-notify-\(UInt64.random(in: 0 ... .max))"
        let error = #expect(throws: SystemError.self) {
            try ServiceNotifier(environment: ["NOTIFY_SOCKET": path]).send(.ready)
        }
        #expect(error == SystemError("sendto", path, code: ENOENT))
    }

    @Test("An address that is neither path nor abstract, or too long, is an error that says so")
    func badAddresses() throws {
        let other = #expect(throws: SystemError.self) {
            try ServiceNotifier(environment: ["NOTIFY_SOCKET": "vsock:2:1"]).send(.ready)
        }
        #expect(other?.code == EAFNOSUPPORT)
        let long = #expect(throws: SystemError.self) {
            let path = "/" + String(repeating: "a", count: 107)
            try ServiceNotifier(environment: ["NOTIFY_SOCKET": path]).send(.ready)
        }
        #expect(long?.code == ENAMETOOLONG)
    }

    @Test("The longest abstract name, 107 bytes behind its NUL, works")
    func longestName() throws {
        let unique = String(UInt64.random(in: 0 ... .max))
        let name = "@" + unique + String(repeating: "a", count: 107 - unique.utf8.count)
        let listener = try Listener(name: name)
        try ServiceNotifier(environment: ["NOTIFY_SOCKET": name]).send(.ready)
        #expect(listener.receive() == "READY=1")
    }

    @Test("The watchdog's interval counts for the process it names, or for any when it names none")
    func watchdog() {
        func interval(_ environment: [String: String]) -> Duration? {
            ServiceNotifier(environment: environment, processID: 4_711).watchdogInterval
        }
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "4711"]) == .seconds(30))
        #expect(interval(["WATCHDOG_USEC": "1500"]) == .microseconds(1_500))
        #expect(interval(["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "4712"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "0"]) == nil)
        #expect(interval(["WATCHDOG_USEC": "often"]) == nil)
        #expect(interval([:]) == nil)
    }
}

/// A service manager's end: a datagram socket with a name.
private final class Listener {
    private let descriptor: Int32

    init(name: String) throws {
        let descriptor = try system("socket", name) {
            socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        try system("bind", name) {
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The next datagram. Never waits: a datagram has arrived when its sender's call returns.
    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }

    static func monotonicMicroseconds() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return UInt64(now.tv_sec) * 1_000_000 + UInt64(now.tv_nsec) / 1_000
    }
}
