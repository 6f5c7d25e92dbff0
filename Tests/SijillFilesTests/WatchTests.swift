import Dispatch
import Glibc
import SijillFormat
import SijillTesting
import Testing

@testable import SijillFiles

private func name(_ text: String) -> NameBytes { Array(text.utf8) }

@Suite("Directories, leases and watches")
struct WatchTests {
    @Test("A watch sees creation, closing, renames and the end of a directory")
    func watch() throws {
        let temporary = try TemporaryDirectory()
        let directory = try DirectoryHandle(path: temporary.path)
        let watch = try Watch()
        let number = try watch.add(directory)
        #expect(try watch.add(directory) == number)
        #expect(try watch.read() == [])
        try directory.createFile(name("خبر")).write([1])
        try directory.rename(name("خبر"), as: name("ثان"))
        var inner: DirectoryHandle? = try directory.makeDirectory(name("مجلد"))
        let kinds = try watch.read()
        #expect(kinds.map(\.kind) == [.created, .closedWrite, .movedFrom, .movedIn, .created])
        #expect(kinds.map(\.name) == ["خبر", "خبر", "خبر", "ثان", "مجلد"].map(name))
        #expect(kinds.map(\.isDirectory) == [false, false, false, false, true])
        let second = try watch.add(try #require(inner))
        // The kernel tells of a directory's end when nobody has it open any more.
        inner = nil
        #expect(rmdir(temporary.path + "/مجلد") == 0)
        #expect(try watch.read().contains { $0.watch == second && $0.kind == .directoryGone })
    }

    @Test("A lease tells a writer, and none when it has closed")
    func lease() throws {
        let temporary = try TemporaryDirectory()
        let directory = try DirectoryHandle(path: temporary.path)
        var writer: FileDescriptor? = try directory.createFile(name("خبر"))
        let reader = try directory.openFile(name("خبر"))
        #expect(writer != nil)
        #expect(Lease.probe(reader) == .hasWriter)
        writer = nil
        #expect(Lease.probe(reader) == .noWriter)
        #expect(Lease.probe(reader) == .noWriter)
    }

    @Test("Nothing is opened out of the directory or through a symbolic link")
    func beneath() throws {
        let temporary = try TemporaryDirectory()
        let directory = try DirectoryHandle(path: temporary.path)
        #expect(symlink("/etc", temporary.path + "/رابط") == 0)
        for path in ["رابط", "رابط/hostname", "../x", "/etc/hostname"] {
            #expect(throws: SystemError.self) { try directory.openFile(name(path)) }
        }
        #expect(try directory.status(of: name("رابط")).kind == .symbolicLink)
    }

    @Test("A FIFO is opened without waiting, and is no regular file")
    func fifo() throws {
        let temporary = try TemporaryDirectory()
        let directory = try DirectoryHandle(path: temporary.path)
        #expect(mkfifo(temporary.path + "/أنبوب", 0o600) == 0)
        #expect(try directory.openFile(name("أنبوب")).status().kind == .special)
    }

    @Test("Renaming never replaces, names of any bytes are listed, and a file is replaced durably")
    func names() throws {
        let temporary = try TemporaryDirectory()
        let directory = try DirectoryHandle(path: temporary.path)
        let odd: NameBytes = [0xFF, 0x0A, 0x80]
        for file in [odd, name("أ")] { try directory.createFile(file).write([1, 2, 3]) }
        #expect { try directory.rename(odd, as: name("أ")) } throws: { ($0 as? SystemError)?.code == EEXIST }
        #expect(Set(try directory.names()) == [odd, name("أ")])
        try directory.replaceDurably(name("أ"), with: [9])
        #expect(try directory.openFile(name("أ")).readAll(expected: 0, limit: 100) == [9])
        try directory.unlink(odd)
        #expect { try directory.status(of: odd) } throws: { ($0 as? SystemError)?.isNotFound == true }
    }

    @Test("Reading stops at the limit, whatever the size is said to be", arguments: [0, 3, 10, 100_000])
    func readAll(expected: Int) throws {
        let temporary = try TemporaryDirectory()
        let directory = try DirectoryHandle(path: temporary.path)
        let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try directory.createFile(name("كبير")).write(bytes)
        #expect(try directory.openFile(name("كبير")).readAll(expected: expected, limit: 1 << 20) == bytes)
        #expect(try directory.openFile(name("كبير")).readAll(expected: expected, limit: 50).count == 50)
    }

    @Test("A readable descriptor and a deadline call their handlers on the queue")
    func sources() async throws {
        let temporary = try TemporaryDirectory()
        let watch = try Watch()
        let directory = try DirectoryHandle(path: temporary.path)
        _ = try watch.add(directory)
        let queue = DispatchQueue(label: "test")
        let (events, continuation) = AsyncStream.makeStream(of: String.self)
        let source = ReadSource(watch.descriptor, queue: queue) {
            dispatchPrecondition(condition: .onQueue(queue))
            if (try? watch.read())?.isEmpty == false { continuation.yield("read") }
        }
        let timer = DeadlineTimer(queue: queue) {
            dispatchPrecondition(condition: .onQueue(queue))
            continuation.yield("due")
        }
        var iterator = events.makeAsyncIterator()
        _ = try directory.createFile(name("خبر"))
        #expect(await iterator.next() == "read")
        timer.schedule(after: .milliseconds(1))
        // Creating a file is two events, which may be read one by one.
        var next = await iterator.next()
        while next == "read" { next = await iterator.next() }
        #expect(next == "due")
        // What comes while it is suspended is told afterwards.
        source.isSuspended = true
        source.isSuspended = true
        _ = try directory.createFile(name("آخر"))
        timer.schedule(after: .milliseconds(1))
        #expect(await iterator.next() == "due")
        source.isSuspended = false
        #expect(await iterator.next() == "read")
        // One that is suspended may go.
        source.isSuspended = true
        source.cancel()
    }
}
