import CSijillSystem
import Glibc

/// What the machine says about itself, for `sijilld doctor`. Nothing here changes anything but `probe` files.
package enum SystemFacts {
    package static var userID: UInt32 { geteuid() }

    /// Files that this process may have open; nil where that is not known.
    package static var openFilesMax: Int64? {
        let value = sijill_open_files_max()
        return value < 0 ? nil : value
    }

    /// Whether the kernel's clock is kept by NTP or the like; nil where that may not be asked.
    package static var isClockSynchronized: Bool? {
        let value = sijill_clock_is_synchronized()
        return value < 0 ? nil : value == 1
    }

    /// Whether this process has CAP_LEASE: leases on files of other users (capabilities(7)).
    package static var hasLeaseCapability: Bool {
        let bit: UInt64 = 1 << 28
        let line = text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        let mask = line.flatMap { UInt64($0.dropFirst("CapEff:".count).drop { $0 == "\t" }, radix: 16) }
        return (mask ?? 0) & bit != 0
    }

    /// A setting of the kernel, as `fs.inotify.max_user_watches`; nil where it is not to be read.
    package static func setting(_ name: String) -> Int64? {
        let path = "/proc/sys/" + name.split(separator: ".").joined(separator: "/")
        return text(path).flatMap { Int64($0.split(separator: "\n").first ?? "") }
    }

    /// Files of /proc say that they are empty: read until the end.
    private static func text(_ path: String) -> String? {
        guard let file = try? File(path, .read), let bytes = try? file.read(at: 0, count: 16 << 10) else {
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The magic number of the file system that holds `folder` (statfs(2)).
    package static func fileSystemType(_ folder: String) -> Int? {
        try? DirectoryHandle(path: folder).descriptor.fileSystemType()
    }

    /// Owner and permission bits of a file; nil when there is none.
    package static func ownership(_ path: String) -> (user: UInt32, mode: UInt32)? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return (status.st_uid, status.st_mode & 0o7777)
    }

    /// Files that can still be made on the file system of `path`; nil where it does not count them.
    package static func freeInodes(_ path: String) -> UInt64? {
        var status = statvfs()
        guard statvfs(path, &status) == 0, status.f_files > 0 else { return nil }
        return UInt64(status.f_favail)
    }

    package static func isWritable(_ path: String) -> Bool { access(path, R_OK | W_OK | X_OK) == 0 }

    /// Why a TCP socket cannot be bound there, as errno; 0 when it can.
    package static func bindFailure(host: String, port: Int) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(port), &hints, &found) == 0, let info = found else {
            return EADDRNOTAVAIL
        }
        defer { freeaddrinfo(found) }
        let type = info.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Glibc.socket(info.pointee.ai_family, type, 0)
        guard socket >= 0 else { return errno }
        defer { close(socket) }
        var reuse: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        return bind(socket, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 ? 0 : errno
    }
}

/// Tries in a folder what Sijill needs of a file system, with files of its own that are gone afterwards.
package struct FileSystemProbe {
    /// The middle of a few write-and-sync times; nil when a file cannot be made or synced.
    package private(set) var syncTime: Duration?
    package private(set) var syncError: SystemError?
    /// Whether renaming without replacing works (renameat2).
    package private(set) var renamesWithoutReplacing = false

    private static let syncCount = 5
    private static let name = Array(".sijill-probe".utf8)
    private static let otherName = Array(".sijill-probe-2".utf8)

    package init(_ path: String) {
        do throws(SystemError) {
            try run(in: try DirectoryHandle(path: path))
        } catch {
            syncError = error
        }
    }

    private mutating func run(in folder: DirectoryHandle) throws(SystemError) {
        for name in [Self.name, Self.otherName] { try? folder.unlink(name) }
        let file = try folder.createFile(Self.name)
        defer { for name in [Self.name, Self.otherName] { try? folder.unlink(name) } }
        var times: [Duration] = []
        for _ in 0..<Self.syncCount {
            let start = ContinuousClock.now
            try file.write([UInt8](repeating: 0x20, count: 4_096))
            try file.sync()
            times.append(.now - start)
        }
        syncTime = times.sorted()[Self.syncCount / 2]
        do throws(SystemError) {
            try folder.rename(Self.name, as: Self.otherName)
            renamesWithoutReplacing = true
        } catch { if error.code != EINVAL && error.code != ENOSYS { throw error } }
    }

    /// Whether leases are to be had in `folder`: asked of a file that is not open for writing.
    package static func lease(in path: String) -> LeaseAnswer {
        guard let folder = try? DirectoryHandle(path: path) else { return .unavailable }
        try? folder.unlink(name)
        // Made and closed, then opened for reading.
        guard (try? folder.createFile(name)) != nil else { return .unavailable }
        defer { try? folder.unlink(name) }
        guard let file = try? folder.openFile(name) else { return .unavailable }
        return Lease.probe(file)
    }
}
