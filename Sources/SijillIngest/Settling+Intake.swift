import SijillFiles
import SijillFormat

extension Settling {
    // MARK: What the intake and the removal saw

    mutating func intake(_ key: FileKey, _ result: IntakeResult, _ now: Instant) -> [Action] {
        guard entries[key]?.phase == .inHand else { return [] }
        if result == .taken {
            entries[key]?.blocks = 0
            return []
        }
        var actions = releaseMates(of: key, now)
        guard var entry = entries[key] else { return actions }
        if directories[key.directory] == nil || (result == .vanished && entry.again == nil) {
            drop(key, now)
            return actions
        }
        if entry.again != nil { return actions + takeUpAgain(key, entry, now) }
        switch result {
        case .taken, .vanished: break
        case .hasWriter: actions += waitForWriter(key, &entry, now)
        case .changedWhileRead, .looksCut: readAgain(key, &entry, now)
        case .empty: waitEmpty(key, since: now, now)
        case .blocked: actions += block(key, .blocked, now)
        case .mateVanished:
            // The looks at its mates find out which, and put it in line again.
            entry.phase = .waitsForMate
            schedule(key, &entry, at: now)
        case .noLeases:
            let seen = entry.firstSeen ?? entry.since
            entry = Entry(phase: .settling, since: now)
            entry.isPolled = true
            entry.firstSeen = seen
            schedule(key, &entry, at: now + times.poll)
            actions.append(.look(key))
        }
        return actions
    }

    private mutating func waitForWriter(
        _ key: FileKey, _ entry: inout Entry, _ now: Instant
    ) -> [Action] {
        let since = entry.writerSince ?? now
        entry.writerSince = since
        entry.phase = .withWriter
        let isNew = now - since < times.writerPatience
        let isNewlyStuck = now - since >= times.stuck && !entry.isReportedStuck
        if isNewlyStuck { entry.isReportedStuck = true }
        schedule(key, &entry, at: now + (isNew ? times.writerPoll : times.writerSlowPoll))
        return isNewlyStuck ? [.reportStuck(key)] : []
    }

    private mutating func readAgain(_ key: FileKey, _ entry: inout Entry, _ now: Instant) {
        let first = entry.firstReading ?? now
        entry.firstReading = first
        // The last reading rejects what looks cut; only a mate's can ask for one more.
        let index = min(Int(entry.rereads), times.rereads.count - 1)
        entry.rereads = UInt8(index + 1)
        entry.phase = .looksCut
        schedule(key, &entry, at: max(first + times.rereads[index], now + times.settle))
    }

    mutating func block(_ key: FileKey, _ phase: Phase, _ now: Instant) -> [Action] {
        guard var entry = entries[key] else { return [] }
        entry.phase = phase
        let doublings = min(entry.blocks, 16)
        entry.blocks = doublings + 1
        schedule(key, &entry, at: now + min(times.blockedFirst * (1 << Int(doublings)), times.blockedMax))
        return []
    }

    mutating func removed(_ key: FileKey, _ isReplaced: Bool, _ now: Instant) -> [Action] {
        guard let entry = entries[key] else { return [] }
        guard directories[key.directory] != nil else {
            for key in entry.mates + [key] { entries[key] = nil }
            return []
        }
        // The mates have gone with it, or lie there as new ones: the looks will tell.
        var actions: [Action] = []
        for mate in entry.mates where entries[mate]?.phase == .inHand {
            let again = entries.removeValue(forKey: mate)?.again
            if case .movedIn? = again {
                actions += movedIn(mate, now)
            } else {
                settle(mate, lastLook: nil, now)
                actions.append(.look(mate))
            }
        }
        drop(key, now)
        guard entry.again != nil || isReplaced else { return actions }
        return actions + takeUpAgain(key, entry, now)
    }

    /// Another file came under the name while the first was in hand.
    private mutating func takeUpAgain(_ key: FileKey, _ entry: Entry, _ now: Instant) -> [Action] {
        entries[key] = nil
        if case .movedIn = entry.again { return movedIn(key, now) }
        return closed(key, now)
    }
}
