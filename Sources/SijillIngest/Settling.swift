import SijillFiles
import SijillFormat

/// Decides when a file in the inbox is complete (contract: inbox §2), and who is next.
///
/// A pure state machine: it is told what the watch, the scans and the intake saw, and at which monotonic moment, and
/// answers with what is to be done. It holds one entry per waiting file; nothing in it grows with events.
/// `nextDue` says when it wants to be told `.due`; `takeReady` gives out complete files in the order of arrival.
package struct Settling: Sendable {
    enum Phase: Hashable, Sendable {
        /// Waiting to be unchanged for long enough.
        case settling
        /// In the line for the intake.
        case ready
        case inHand
        case withWriter
        case empty
        case looksCut
        /// Complete, and what has to come with it is not there yet.
        case waitsForMate
        /// Complete, and belongs to another file: it is handed out with that one.
        case mate
        /// Could not be read; tried again.
        case blocked
        /// Taken and durable, but could not be removed.
        case removalBlocked
    }

    struct Entry: Sendable {
        var phase: Phase
        /// When the phase began; what patience is counted from.
        var since: Instant
        /// When something is to be done about it.
        var due: Instant?
        /// The one item of the due queue that counts for it.
        var queuedDue: Instant?
        /// What the last look saw.
        var lastLook: FileStatus?
        /// What happened to its name while it was in hand.
        var again: Again?
        /// When it was first found to look cut, and how often it was to be read again since.
        var firstReading: Instant?
        var rereads: UInt8 = 0
        /// Since when it has had a writer.
        var writerSince: Instant?
        /// Waits while blocked.
        var blocks: UInt8 = 0
        var mayBeEmpty = false
        /// Two equal looks, `poll` apart, stand in for the lease.
        var isPolled = false
        /// Since when it waits for its mate, or as a mate for its file.
        var waitsSince: Instant?
        /// What it was handed out with.
        var mates: [FileKey] = []
        /// When its name was first seen, where that was before `since`.
        var firstSeen: Instant?
        /// When it was found complete.
        var completeSince: Instant?
        /// It has been said that it is stuck.
        var isReportedStuck = false
    }

    enum Again: Sendable { case closed, movedIn }

    package private(set) var directories = DirectoryTable()
    package private(set) var times: SettlingTimes
    let sources: SourceRules
    /// While true nothing is given out; everything else goes on.
    package var isPaused = false

    var entries: [FileKey: Entry] = [:]
    var due = DueQueue<FileKey>()
    var ready = ReadyLine()
    private var nextTicket: UInt64 = 0
    private var nextRescan: Instant
    var polls: [DirectoryID: Instant] = [:]
    var ignoredCount = 0
    var ignoredForLongCount = 0
    /// Some of these names, as paths below the inbox.
    package private(set) var ignoredForLong: [[UInt8]] = []
    var foundByRescanCount = 0

    package init(
        times: SettlingTimes = SettlingTimes(), sources: SourceRules = SourceRules(), now: Instant
    ) {
        self.times = times
        self.sources = sources
        nextRescan = now + times.rescan
    }

    /// When `.due` is wanted. Idle, that is the next rescan.
    package var nextDue: Instant {
        var next = nextRescan
        if let first = due.earliest { next = min(next, first) }
        for poll in polls.values { next = min(next, poll) }
        return next
    }

    package var hasReady: Bool { !isPaused && ready.count > 0 }

    /// The next complete file, in the order of arrival; nil when there is none or ingest is paused.
    package mutating func takeReady(now: Instant = .now) -> HandOut? {
        guard !isPaused else { return nil }
        while let key = ready.take() {
            guard let entry = entries[key], entry.phase == .ready,
                let directory = directories[key.directory]
            else { continue }
            let company = company(of: key, in: directory)
            if !isComplete(company, key, now) { continue }
            let isTrusted = entry.isPolled || directory.hasNoLeases
            let isMarked = company.mates.contains { $0.kind == .marker }
            let handOut = HandOut(
                key: key, ticket: nextTicket, asksForWriters: !isTrusted,
                mayBeEmpty: entry.mayBeEmpty || isMarked,
                isLastReading: Int(entry.rereads) >= times.rereads.count,
                isTooDeep: directory.depth > SijillIngest.depthMax, mates: company.mates,
                refusal: company.refusal, completeSince: entry.completeSince ?? entry.since)
            nextTicket += 1
            hold(key, company.mates.map(\.key))
            return handOut
        }
        return nil
    }

    package mutating func handle(_ event: Event, now: Instant) -> [Action] {
        switch event {
        case .created(let key): return created(key, now)
        case .closedWrite(let key): return closed(key, now)
        case .movedIn(let key): return movedIn(key, now)
        case .movedFrom(let key): return forget(key, now)
        case .directoryAppeared(let parent, let name, let wasMoved):
            // Known, and yet it appears: the one before was replaced while events were lost.
            let actions = directories.child(of: parent, named: name).map { gone($0) } ?? []
            guard let id = enter(name, in: parent) else { return actions }
            return actions + [.scan(id, wasMoved ? .movedIn : .appeared)]
        case .directoryVanished(let parent, let name):
            guard let id = directories.child(of: parent, named: name) else { return [] }
            return gone(id)
        case .directoryGone(let id): return gone(id)
        case .scanned(let results, let cause, let wallClock): return scanned(results, cause, wallClock, now)
        case .watched(let id, let isPolled, let hasNoLeases):
            directories.set(id, isPolled: isPolled, hasNoLeases: hasNoLeases)
            polls[id] = isPolled && directories[id] != nil ? now + times.poll : nil
            return []
        case .looked(let key, let status): return looked(key, status, now)
        case .intake(let key, let result): return intake(key, result, now)
        case .removed(let key, let isReplaced): return removed(key, isReplaced, now)
        case .removalBlocked(let key): return block(key, .removalBlocked, now)
        case .rescan: return rescan(now)
        case .due: return dueNow(now)
        }
    }

    // MARK: What the watch saw

    private mutating func created(_ key: FileKey, _ now: Instant) -> [Action] {
        guard accepts(key), entries[key] == nil else { return [] }
        if role(of: key).isMarker { return markerCame(key, now) }
        // CLOSE_WRITE follows in most cases; a hard link has only this event (class C).
        var entry = Entry(phase: .settling, since: now)
        schedule(key, &entry, at: now + wait(for: key))
        return []
    }

    mutating func closed(_ key: FileKey, _ now: Instant) -> [Action] {
        guard accepts(key) else { return [] }
        if isInHand(key, becomes: .closed) { return [] }
        if role(of: key).isMarker { return markerCame(key, now) }
        settle(key, lastLook: nil, now)
        return [.look(key)]
    }

    mutating func movedIn(_ key: FileKey, _ now: Instant) -> [Action] {
        guard accepts(key) else { return [] }
        if isInHand(key, becomes: .movedIn) { return [] }
        if role(of: key).isMarker { return markerCame(key, now) }
        if usesLooks(key) {
            settle(key, lastLook: nil, now)
            return [.look(key)]
        }
        makeReady(key, mayBeEmpty: true, now)
        return []
    }

    /// The name is gone. A file in hand is not forgotten: it has been read, or reading will find out.
    private mutating func forget(_ key: FileKey, _ now: Instant) -> [Action] {
        guard let entry = entries[key] else { return [] }
        switch entry.phase {
        case .inHand: entries[key]?.again = nil
        case .removalBlocked: return [.remove(key)]
        default: drop(key, now)
        }
        return []
    }

    private mutating func isInHand(_ key: FileKey, becomes again: Again) -> Bool {
        guard let phase = entries[key]?.phase, phase == .inHand || phase == .removalBlocked else {
            return false
        }
        entries[key]?.again = again
        return true
    }

    // MARK: Directories

    /// The id of a directory that a scan found, which is entered next; nil for one that is left alone.
    package mutating func enter(_ name: NameBytes, in parent: DirectoryID) -> DirectoryID? {
        guard !IgnoredNames.isIgnored(directory: name) else { return nil }
        return directories.child(of: parent, named: name) ?? directories.add(name, in: parent)
    }

    private mutating func gone(_ id: DirectoryID) -> [Action] {
        let removed = directories.remove(id)
        guard !removed.isEmpty else { return [] }
        let set = Set(removed)
        for key in entries.keys where set.contains(key.directory) {
            // What is in hand is ended by the intake or the removal.
            switch entries[key]?.phase {
            case .inHand, .removalBlocked: entries[key]?.again = nil
            default: entries[key] = nil
            }
        }
        for directory in removed { polls[directory] = nil }
        return removed.map { .unwatch($0) }
    }

    private mutating func rescan(_ now: Instant) -> [Action] {
        nextRescan = now + times.rescan
        return [.scan(.root, .rescan)]
    }

    // MARK: What scans and looks saw

    private mutating func scanned(
        _ results: [ScanResult], _ cause: ScanCause, _ wallClock: Int64, _ now: Instant
    ) -> [Action] {
        var found: [(key: FileKey, status: FileStatus)] = []
        var ignored = (count: 0, forLong: 0)
        var ignoredNames: [[UInt8]] = []
        for result in results where directories[result.directory] != nil {
            for entry in result.entries where entry.status.kind != .directory {
                guard !IgnoredNames.isIgnored(file: entry.name) else {
                    ignored.count += 1
                    if age(of: entry.status, wallClock) >= times.ignoredReport {
                        ignored.forLong += 1
                        let path = directories.path(of: FileKey(result.directory, entry.name))
                        if ignoredNames.count < 5 { ignoredNames.append(path ?? entry.name) }
                    }
                    continue
                }
                let key = FileKey(result.directory, entry.name)
                if entries[key] == nil { found.append((key, entry.status)) }
            }
        }
        if cause == .start || cause == .rescan {
            (ignoredCount, ignoredForLongCount) = ignored
            ignoredForLong = ignoredNames
        }
        if cause == .rescan { foundByRescanCount += found.count }
        // The order of arrival, as far as a file system tells it.
        found.sort {
            $0.status.changed != $1.status.changed
                ? $0.status.changed < $1.status.changed
                : $0.key.name.lexicographicallyPrecedes($1.key.name)
        }
        for (key, status) in found where entries[key] == nil {
            meet(key, status, cause, age(of: status, wallClock), now)
        }
        guard cause == .rescan else { return [] }
        // No event tells of a name that was deleted; what waits without a clock would wait for ever.
        return entries.filter { $0.value.phase == .mate || $0.value.phase == .waitsForMate }
            .map { .look($0.key) }
    }

    private mutating func meet(
        _ key: FileKey, _ status: FileStatus, _ cause: ScanCause, _ age: Duration, _ now: Instant
    ) {
        if status.kind != .regular { return makeReady(key, mayBeEmpty: true, now) }
        if role(of: key).isMarker {
            _ = markerCame(key, now)
            return
        }
        if usesLooks(key) { return settle(key, lastLook: status, now) }
        if cause == .movedIn { return makeReady(key, mayBeEmpty: true, now) }
        if age < times.settle { return settle(key, lastLook: status, now) }
        if status.bytes > 0 || age >= times.emptyWait { return makeReady(key, mayBeEmpty: true, now) }
        waitEmpty(key, since: now - age, now)
    }

    /// How long ago its ctime was; zero when that lies in the future.
    private func age(of status: FileStatus, _ wallClock: Int64) -> Duration {
        let (age, overflow) = wallClock.subtractingReportingOverflow(status.changed)
        return .nanoseconds(overflow ? Int64.max : max(0, age))
    }

    private mutating func looked(_ key: FileKey, _ status: FileStatus?, _ now: Instant) -> [Action] {
        guard var entry = entries[key] else { return [] }
        if status == nil, [.mate, .settling, .waitsForMate].contains(entry.phase) {
            drop(key, now)
            return []
        }
        guard entry.phase == .settling, let status else { return [] }
        if status.kind != .regular {
            makeReady(key, mayBeEmpty: true, now)
            return []
        }
        if let last = entry.lastLook, status.isUnchanged(since: last), now >= entry.since + wait(for: key) {
            if status.bytes > 0 {
                makeReady(key, mayBeEmpty: false, now)
            } else {
                waitEmpty(key, since: entry.since, now)
            }
            return []
        }
        if entry.lastLook?.isUnchanged(since: status) != true {
            entry.lastLook = status
            entry.since = now
        }
        schedule(key, &entry, at: entry.since + wait(for: key))
        return []
    }

    // MARK: The timer

    private mutating func dueNow(_ now: Instant) -> [Action] {
        var actions: [Action] = []
        while let item = due.take(dueAt: now) {
            guard var entry = entries[item.key], entry.queuedDue == item.due else { continue }
            entry.queuedDue = nil
            guard let wanted = entry.due else {
                entries[item.key] = entry
                continue
            }
            // An event has moved it further away since it was put into the queue.
            if wanted > now {
                schedule(item.key, &entry, at: wanted)
                continue
            }
            entry.due = nil
            entries[item.key] = entry
            switch entry.phase {
            case .settling: actions.append(.look(item.key))
            case .empty: makeReady(item.key, mayBeEmpty: true, now)
            case .withWriter, .looksCut, .blocked, .waitsForMate, .mate: line(item.key, now)
            case .removalBlocked: actions.append(.remove(item.key))
            case .ready, .inHand: break
            }
        }
        for (directory, moment) in polls where moment <= now {
            polls[directory] = now + times.poll
            actions.append(.scan(directory, .poll))
        }
        if nextRescan <= now { actions += rescan(now) }
        return actions
    }
}
