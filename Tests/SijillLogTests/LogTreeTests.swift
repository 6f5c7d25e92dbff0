import Foundation
import SijillFiles
import SijillFormat
import SijillMerkle
import SijillTesting
import Testing

@testable import SijillLog

@Suite("The tree over the log")
struct LogTreeTests {
    private func findings(_ directory: DataDirectory) throws -> [String] {
        var check = LogCheck(directory)
        try check.run()
        return check.findings
    }

    /// A log with `count` rejected inputs, stopped cleanly.
    private func stopped(_ count: Int) throws -> LogFixture {
        var fixture = try LogFixture()
        let log = try fixture.open()
        for start in stride(from: 0, to: count, by: 500) {
            let entries = (start..<min(start + 500, count)).map { _ in fixture.rejected() }
            _ = try log.commit(entries, now: LogFixture.time)
        }
        log.announce()
        try log.close()
        return fixture
    }

    private func root(_ fixture: LogFixture, _ size: Int) throws -> Digest {
        var tree = GrowingTree()
        let lines = try fixture.lines().split(separator: 0x0A).prefix(size)
        for line in lines {
            let end = LineLayout(scanning: Array(line) + [0x0A])!.leafEnd
            tree.append(TreeHash.leaf(Array(line.prefix(end)) + lineClosing)) { _ in }
        }
        return tree.root
    }

    private func checkpoint(_ directory: DataDirectory) throws -> Checkpoint {
        let keys = try LogKeys.read(directory.signingKey)!
        return try Checkpoint.verified(File.contents(directory.checkpoint)!, by: keys.verifiers).checkpoint
    }

    @Test("a first start makes state, key and the checkpoint of the empty log")
    func firstStart() throws {
        let fixture = try LogFixture()
        let log = try fixture.open()
        let published = log.tree.published
        #expect(published.checkpoint.size == 0 && published.checkpoint.root == TreeHash.empty)
        #expect(published.checkpoint.origin == "sijill.local/\(log.id)")
        #expect(try checkpoint(fixture.directory) == published.checkpoint)
        #expect(try LogState.read(fixture.directory.state)?.signed == true)
        let mode = try FileManager.default.attributesOfItem(atPath: fixture.directory.signingKey)[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try findings(fixture.directory) == [])
    }

    @Test(
        "the checkpoint of a stopped log is that of all its leaves, tiles fit, proofs verify",
        arguments: [1, 255, 256, 257, 700])
    func sizes(count: Int) throws {
        let fixture = try stopped(count)
        let head = try checkpoint(fixture.directory)
        #expect(head.size == UInt64(count))
        #expect(try head.root == root(fixture, count))
        #expect(try findings(fixture.directory) == [])
        let log = try fixture.open()
        log.announce()
        #expect(log.tree.published.note == (try File.contents(fixture.directory.checkpoint)))
        let size = UInt64(count)
        for index in Set([0, 1, 254, 255, 256, size - 1]).filter({ $0 < size }) {
            let entry = try log.reader.entry(of: SequenceNumber(index + 1))!
            let path = try log.tree.served.inclusion(of: SequenceNumber(index + 1), size: size)!
            #expect(
                TreeProof.isIncluded(entry.entry.leafHash, at: index, size: size, path: path, root: head.root)
            )
        }
        for old in Set([0, 1, 255, 256, size / 2, size]).filter({ $0 <= size }) {
            let path = try log.tree.served.consistency(from: old, to: size)!
            let oldRoot = try root(fixture, Int(old))
            #expect(try log.tree.served.root(size: old) == oldRoot)
            #expect(TreeProof.isConsistent(old: old, oldRoot, new: size, head.root, path: path))
        }
        #expect(try log.tree.served.inclusion(of: SequenceNumber(size + 1), size: size) == nil)
        #expect(try log.tree.served.consistency(from: 1, to: size + 1) == nil)
        try expectTiles(log, size)
    }

    private func expectTiles(_ log: ChangeLog, _ size: UInt64) throws {
        for level in 0..<3 {
            for index in 0..<4 as Range<UInt64> {
                for width in [1, 2, 100, 255, 256] {
                    let place = TilePlace(.hashes(level: level), index: index, width: width)
                    let isThere = (index * 256 + UInt64(width)) << UInt64(8 * level) <= size
                    let bytes = try log.tree.served.bytes(place)
                    #expect(
                        (bytes != nil) == isThere && bytes?.count ?? width * 32 == width * 32, "\(place.path)"
                    )
                    guard level == 0, let bytes else { continue }
                    let leaves = EntryBundle.leaves(
                        try log.tree.served.bytes(TilePlace(.entries, index: index, width: width))!)!
                    #expect(leaves.map { TreeHash.leaf(Array($0)) } == Tile.hashes(bytes))
                }
            }
        }
    }

    @Test("after kill -9 the tree covers what is durable, and every checkpoint shown is consistent with it")
    func killed() throws {
        var fixture = try LogFixture()
        var shown: [PublishedTree] = []
        for round in 0..<6 {
            let log = try fixture.open()
            shown.append(log.tree.published)
            for batch in 0..<3 {
                let entries = (0..<97).map { _ in fixture.rejected() }
                _ = try log.commit(entries, now: LogFixture.time)
                log.announce()
                if batch == round % 3 {
                    try log.writeState()
                    try log.tree.publishNow(through: log.tip!.sequence)
                    shown.append(log.tree.published)
                }
            }
        }
        let log = try fixture.open()
        let last = log.tree.published.checkpoint
        #expect(last.size == 6 * 3 * 97)
        for tree in shown {
            let old = tree.checkpoint
            let path = try log.tree.served.consistency(from: old.size, to: last.size)!
            #expect(TreeProof.isConsistent(old: old.size, old.root, new: last.size, last.root, path: path))
        }
        #expect(shown.map(\.checkpoint.size) == shown.map(\.checkpoint.size).sorted())
        try log.close()
        #expect(try findings(fixture.directory) == [])
    }

    @Test("a directory from before there was a tree gets one")
    func unsigned() throws {
        let fixture = try stopped(300)
        let directory = fixture.directory
        var state = try LogState.read(directory.state)!
        state.signed = false
        try Durable.replace(directory.state, state.encoded)
        try Durable.remove(directory.checkpoint)
        try Durable.remove(directory.signingKey)
        try FileManager.default.removeItem(atPath: directory.tiles)
        let log = try fixture.open()
        #expect(log.tree.published.checkpoint.size == 300)
        #expect(try log.tree.published.checkpoint.root == root(fixture, 300))
        #expect(try findings(directory) == [])
    }

    @Test("tiles that are missing or wrong are made again, and it is said")
    func rebuilt() throws {
        for damage in ["gone", "flipped", "short"] {
            let fixture = try stopped(600)
            let path = fixture.directory.tiles + "/0/000"
            var bytes = try fixture.bytes(path)
            try Durable.remove(path)
            bytes[100] ^= 1
            if damage != "gone" {
                try fixture.write(damage == "short" ? Array(bytes.dropLast()) : bytes, to: path)
            }
            #expect(try findings(fixture.directory).count == 1)
            let log = try fixture.open()
            #expect(log.recovery.rebuiltIndexes == [fixture.directory.tiles], "\(damage)")
            #expect(try findings(fixture.directory) == [])
        }
    }

    @Test(
        "a log that its checkpoint does not sign, or that lacks checkpoint or key, is damaged: exit code 65")
    func damaged() throws {
        let newer = try stopped(40)
        let other = try stopped(40)
        func expectDamage(_ what: String, _ damage: (DataDirectory) throws -> Void) throws {
            let copy = try LogFixture(folder: newer.folder.copy())
            try damage(copy.directory)
            let error = #expect(throws: SijillError.self, "\(what)") { _ = try copy.open() }
            #expect(error?.code == .damaged, "\(what): \(error?.description ?? "")")
            #expect(try !findings(copy.directory).isEmpty, "\(what)")
        }
        try expectDamage("no checkpoint") { try Durable.remove($0.checkpoint) }
        try expectDamage("no key") { try Durable.remove($0.signingKey) }
        try expectDamage("another key") {
            try Durable.replace($0.signingKey, other.bytes(other.directory.signingKey))
        }
        try expectDamage("a checkpoint of another log") {
            try Durable.replace($0.checkpoint, other.bytes(other.directory.checkpoint))
        }
        try expectDamage("a checkpoint ahead of the log") { directory in
            let keys = try LogKeys.read(directory.signingKey)!
            let ahead = Checkpoint(origin: keys.origin, size: 41, root: TreeHash.empty)
            try Durable.replace(directory.checkpoint, ahead.signed(with: keys.keys))
        }
        try expectDamage("another root") { directory in
            let keys = try LogKeys.read(directory.signingKey)!
            let forked = Checkpoint(origin: keys.origin, size: 40, root: TreeHash.empty)
            try Durable.replace(directory.checkpoint, forked.signed(with: keys.keys))
        }
    }

    @Test("a key that is kept elsewhere signs, is never written, and is missed when it is not there")
    func keyElsewhere() throws {
        let fixture = try stopped(3)
        let safe = try TemporaryDirectory()
        let key = safe.path("signing.key")
        try FileManager.default.moveItem(atPath: fixture.directory.signingKey, toPath: key)
        let written = try File.contents(key)
        var directory = fixture.directory
        directory.keyElsewhere = key
        let log = try ChangeLog(directory, origin: nil)
        #expect(throws: SijillError.self) { try log.tree.rotate() }
        try log.close()
        #expect(try findings(directory) == [])
        #expect(try File.contents(key) == written)
        #expect(!File.exists(fixture.directory.signingKey))
        directory.keyElsewhere = safe.path("another.key")
        #expect { try ChangeLog(directory, origin: nil) } throws: {
            ($0 as? SijillError)?.code == .configuration
        }
    }

    @Test("a rotated key signs with the old one, which still verifies; the one before that is forgotten")
    func rotation() throws {
        let fixture = try stopped(20)
        let log = try fixture.open()
        let old = log.tree.served.verifiers[0]
        let new = try log.tree.rotate()
        #expect(log.tree.served.verifiers == [new, old])
        for keys in [[new], [old], [old, new]] {
            #expect(try Checkpoint.verified(log.tree.published.note, by: keys).checkpoint.size == 20)
        }
        #expect(try findings(fixture.directory) == [])
        let newest = try log.tree.rotate()
        #expect(log.tree.served.verifiers == [newest, new])
        try log.close()
        #expect(try fixture.open().tree.served.verifiers == [newest, new])
        #expect(try findings(fixture.directory) == [])
    }

    @Test("a rotation that ended before the checkpoint is finished at the next start")
    func brokenRotation() throws {
        let fixture = try stopped(20)
        let keys = try LogKeys.read(fixture.directory.signingKey)!.rotated
        try keys.write(to: fixture.directory.signingKey)
        #expect(try findings(fixture.directory).count == 1)
        let log = try fixture.open()
        #expect(
            try Checkpoint.verified(log.tree.published.note, by: [keys.verifiers[0]]).checkpoint.size == 20)
        #expect(try findings(fixture.directory) == [])
    }

    @Test("the name of a log is fixed at its first start")
    func origin() throws {
        let folder = try TemporaryDirectory()
        let directory = DataDirectory(folder.path)
        do {
            let log = try ChangeLog(directory, origin: "archive.example/log")
            #expect(log.tree.published.checkpoint.origin == "archive.example/log")
            try log.close()
        }
        #expect(try ChangeLog(directory).tree.published.checkpoint.origin == "archive.example/log")
        let error = #expect(throws: SijillError.self) {
            _ = try ChangeLog(directory, origin: "other.example/log")
        }
        #expect(error?.code == .configuration)
    }

    /// In full, each byte: the log is read once, and only what is held against tiles and bundles is done again.
    @Test("every byte of a tile and of a bundle flipped is a finding that names the file")
    func tileFlips() throws {
        let fixture = try stopped(257)
        let directory = fixture.directory
        let state = try LogState.read(directory.state)!
        let first = SequenceNumber(1)
        var walk = try SegmentWalk(
            try File(directory.segment(first), .read), originals: directory.originals(first), log: state.log,
            from: LogPosition(startOf: first))
        var changes: [WalkedChange] = []
        while let change = try walk.next() { changes.append(change) }
        let step = ProcessInfo.processInfo.environment["SIJILL_FULL"] == nil ? 997 : 1
        for name in ["0/000", "entries/000"] {
            let path = "\(directory.tiles)/\(name)"
            let bytes = try fixture.bytes(path)
            for position in stride(from: 0, to: bytes.count, by: step) {
                var damaged = bytes
                damaged[position] ^= 1 << UInt8(position % 8)
                try fixture.write(damaged, to: path)
                var check = TreeCheck(directory)
                check.begin(state)
                for change in changes { check.add(change.entry, line: change.bytes) }
                #expect(check.findings == ["\(path): byte \(position): it does not fit the changes"])
            }
            try fixture.write(bytes, to: path)
        }
    }

    @Test("every byte of key, checkpoint, tiles and bundles flipped is a finding that names the file")
    func flips() throws {
        let fixture = try stopped(300)
        let directory = fixture.directory
        let paths = [
            directory.signingKey, directory.checkpoint, directory.tiles + "/0/000",
            directory.tiles + "/entries/000",
        ]
        for path in paths {
            let bytes = try fixture.bytes(path)
            let isSmall = bytes.count < 1_000
            for position in bytes.indices where isSmall || position % 4_099 == 0 {
                var damaged = bytes
                damaged[position] ^= 1 << UInt8(position % 8)
                try Durable.remove(path)
                try fixture.write(damaged, to: path)
                let found = try findings(directory)
                let name = path.split(separator: "/").last!
                #expect(found.contains { $0.contains(name) }, "\(path) byte \(position): \(found)")
            }
            try fixture.write(bytes, to: path)
        }
        try fixture.write([1], to: directory.tiles + "/0/001")
        try fixture.write([1], to: directory.tiles + "/notes")
        #expect(try findings(directory).count == 2)
    }
}
