import SijillFiles
import SijillFormat

extension Settling {
    // MARK: Moving an entry on

    func accepts(_ key: FileKey) -> Bool {
        directories[key.directory] != nil && !IgnoredNames.isIgnored(file: key.name)
    }

    /// Class E holds: looks are all there is.
    func usesLooks(_ key: FileKey) -> Bool {
        directories[key.directory]?.hasNoLeases == true || entries[key]?.isPolled == true
    }

    func wait(for key: FileKey) -> Duration { usesLooks(key) ? times.poll : times.settle }

    mutating func settle(_ key: FileKey, lastLook: FileStatus?, _ now: Instant) {
        var entry = Entry(phase: .settling, since: now, lastLook: lastLook)
        entry.queuedDue = entries[key]?.queuedDue
        entry.isPolled = entries[key]?.isPolled ?? false
        entry.firstSeen = entries[key].map { $0.firstSeen ?? $0.since }
        schedule(key, &entry, at: now + wait(for: key))
    }

    mutating func waitEmpty(_ key: FileKey, since: Instant, _ now: Instant) {
        var entry = entries[key] ?? Entry(phase: .empty, since: since)
        entry.phase = .empty
        entry.since = since
        schedule(key, &entry, at: since + times.emptyWait)
    }

    mutating func makeReady(_ key: FileKey, mayBeEmpty: Bool, _ now: Instant) {
        var entry = entries[key] ?? Entry(phase: .settling, since: now)
        entry.mayBeEmpty = mayBeEmpty
        entry.completeSince = now
        entries[key] = entry
        line(key, now)
    }

    /// One item of the due queue per entry: a later moment only moves `due`, and is looked at when the item comes up.
    mutating func schedule(_ key: FileKey, _ entry: inout Entry, at moment: Instant) {
        entry.due = moment
        if entry.queuedDue == nil || moment < entry.queuedDue! {  // not nil behind the `||`
            entry.queuedDue = moment
            due.add(key, due: moment)
        }
        entries[key] = entry
    }

    // MARK: Counts

    /// Files by state. O(files waiting).
    package func counts(now: Instant) -> Counts {
        var counts = Counts()
        for entry in entries.values {
            switch entry.phase {
            case .settling: counts.settling += 1
            case .ready: counts.ready += 1
            case .inHand: counts.inHand += 1
            case .withWriter:
                counts.withWriter += 1
                if let since = entry.writerSince, now - since >= times.stuck { counts.stuck += 1 }
            case .empty: counts.empty += 1
            case .looksCut: counts.looksCut += 1
            case .blocked, .removalBlocked: counts.blocked += 1
            case .waitsForMate:
                counts.waitsForMate += 1
                if entry.due == nil { counts.waitsForMarker += 1 }
            case .mate: if entry.due == nil { counts.mates += 1 } else { counts.waitsForMate += 1 }
            }
            counts.oldest = max(counts.oldest, now - (entry.firstSeen ?? entry.since))
        }
        counts.ignored = ignoredCount
        counts.ignoredForLong = ignoredForLongCount
        counts.foundByRescan = foundByRescanCount
        counts.directories = directories.count
        counts.polledDirectories = polls.count
        return counts
    }
}

/// Keys in the order in which they came; the front moves, and what is behind it is let go from time to time.
struct ReadyLine: Sendable {
    private var keys: [FileKey] = []
    private var front = 0

    var count: Int { keys.count - front }

    mutating func add(_ key: FileKey) { keys.append(key) }

    mutating func take() -> FileKey? {
        guard front < keys.count else { return nil }
        let key = keys[front]
        front += 1
        if front > 1_024, front * 2 > keys.count {
            keys.removeFirst(front)
            front = 0
        }
        return key
    }
}
