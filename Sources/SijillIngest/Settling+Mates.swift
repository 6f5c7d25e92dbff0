import SijillArticles
import SijillFiles
import SijillFormat

/// Files that come with others: markers, sidecars, and what a crawler put beside a page (contract: inbox §2 F, §5, §6).
extension Settling {
    /// Whether a complete file may be handed out.
    private enum Gate {
        case open
        /// What has to come with it is not there, or not complete; until then, where it goes on without it.
        case wait(until: Instant?)
        /// It belongs to another file; until then, where it goes by itself after that.
        case mate(until: Instant?)
    }

    /// What a file is handed out with, or why it is rejected unparsed.
    struct Company {
        var mates: [MateKey] = []
        var refusal: RejectReason?
    }

    func role(of key: FileKey) -> NameRole {
        guard let directory = directories[key.directory] else { return .input }
        return NameRole(key.name, in: sources[directory.source])
    }

    /// Puts a complete file in line, or lets it wait for what belongs to it.
    mutating func line(_ key: FileKey, _ now: Instant) {
        guard var entry = entries[key], let directory = directories[key.directory] else { return }
        switch gate(key, entry, directory, now) {
        case .open:
            let isInLine = entry.phase == .ready
            entry.phase = .ready
            entry.due = nil
            entries[key] = entry
            if !isInLine { ready.add(key) }
        case .wait(let until): park(key, &entry, .waitsForMate, until, now)
        case .mate(let until):
            park(key, &entry, .mate, until, now)
            if let base = role(of: key).base { wake(FileKey(key.directory, base), now) }
        }
    }

    private mutating func park(
        _ key: FileKey, _ entry: inout Entry, _ phase: Phase, _ until: Instant?, _ now: Instant
    ) {
        entry.phase = phase
        entry.waitsSince = entry.waitsSince ?? now
        entry.due = nil
        entries[key] = entry
        if let until { schedule(key, &entry, at: until) }
    }

    private func gate(
        _ key: FileKey, _ entry: Entry, _ directory: DirectoryTable.Directory, _ now: Instant
    ) -> Gate {
        let source = sources[directory.source]
        let deadline = (entry.waitsSince ?? now) + times.mateWait
        let role = NameRole(key.name, in: source)
        if let base = role.base {
            if entries[FileKey(key.directory, base)] != nil || role.isMarker { return .mate(until: nil) }
            if case .pairMate = role, !source.pairsPages { return .open }
            return now < deadline ? .mate(until: deadline) : .open
        }
        var isLacking = false
        for possible in possibleMates(of: key, source) {
            let phase = entries[possible.key]?.phase
            switch phase {
            case .mate, .ready: continue
            // One that is in hand by itself is no mate of this.
            case nil, .inHand, .removalBlocked:
                if possible.kind == .marker { return .wait(until: nil) }
                if possible.isWanted { isLacking = true }
            case .settling, .withWriter, .empty, .looksCut, .blocked, .waitsForMate: return .wait(until: nil)
            }
        }
        return isLacking && now < deadline ? .wait(until: deadline) : .open
    }

    private func possibleMates(
        of key: FileKey, _ source: SourceSettings
    ) -> [(key: FileKey, kind: MateKey.Kind, isWanted: Bool)] {
        var possible: [(key: FileKey, kind: MateKey.Kind, isWanted: Bool)] = []
        if let marker = source.marker {
            possible.append((FileKey(key.directory, key.name + marker), .marker, true))
        }
        let sidecar = FileKey(key.directory, key.name + NameRole.sidecarEnding)
        possible.append((sidecar, .sidecar, source.sidecar == .required))
        if ArticleFormat(fileName: key.name) == .html {
            possible.append(
                (FileKey(key.directory, key.name + NameRole.pairEnding), .pair, source.pairsPages))
        }
        return possible
    }

    // MARK: Handing out

    func company(of key: FileKey, in directory: DirectoryTable.Directory) -> Company {
        let source = sources[directory.source]
        switch NameRole(key.name, in: source) {
        case .sidecar: return Company(refusal: .orphanSidecar)
        case .marker, .pairMate: return Company()
        case .input: break
        }
        var company = Company()
        for possible in possibleMates(of: key, source) {
            if let phase = entries[possible.key]?.phase, phase == .mate || phase == .ready {
                company.mates.append(MateKey(key: possible.key, kind: possible.kind))
            } else if possible.kind == .sidecar, possible.isWanted {
                company.refusal = .missingSidecar
            }
        }
        return company
    }

    /// Asked once more at the last moment: what belongs to the file may have come or gone while it was in line.
    mutating func isComplete(_ company: Company, _ key: FileKey, _ now: Instant) -> Bool {
        guard let entry = entries[key], let directory = directories[key.directory] else { return false }
        if case .open = gate(key, entry, directory, now) { return true }
        line(key, now)
        return false
    }

    /// The file and its mates are in hand.
    mutating func hold(_ key: FileKey, _ mates: [FileKey]) {
        entries[key]?.phase = .inHand
        entries[key]?.mates = mates
        for mate in mates {
            entries[mate]?.phase = .inHand
            entries[mate]?.due = nil
            entries[mate]?.again = nil
        }
    }

    /// The file was not taken: its mates wait for it again, unless they have been replaced meanwhile.
    mutating func releaseMates(of key: FileKey, _ now: Instant) -> [Action] {
        let mates = entries[key]?.mates ?? []
        entries[key]?.mates = []
        var actions: [Action] = []
        for mate in mates where entries[mate]?.phase == .inHand {
            switch entries[mate]?.again {
            case nil:
                entries[mate]?.phase = .mate
                actions.append(.look(mate))
            case .closed?:
                entries[mate] = nil
                actions += closed(mate, now)
            case .movedIn?:
                entries[mate] = nil
                actions += movedIn(mate, now)
            }
        }
        return actions
    }

    // MARK: Coming and going

    /// A marker says that its file is complete (class F); nothing is asked of the marker itself.
    mutating func markerCame(_ key: FileKey, _ now: Instant) -> [Action] {
        if entries[key] == nil { entries[key] = Entry(phase: .mate, since: now, completeSince: now) }
        guard entries[key]?.phase == .mate, let base = role(of: key).base else { return [] }
        let input = FileKey(key.directory, base)
        switch entries[input]?.phase {
        case .settling, .empty: makeReady(input, mayBeEmpty: true, now)
        case .waitsForMate: line(input, now)
        default: break
        }
        return []
    }

    /// What a file waited for has come or gone.
    mutating func wake(_ key: FileKey, _ now: Instant) {
        if entries[key]?.phase == .waitsForMate { line(key, now) }
    }

    /// Forgets a name; what waited for it, or waits to go with it, is looked at again.
    mutating func drop(_ key: FileKey, _ now: Instant) {
        guard entries.removeValue(forKey: key) != nil, let directory = directories[key.directory] else {
            return
        }
        let source = sources[directory.source]
        if let base = NameRole(key.name, in: source).base {
            return wake(FileKey(key.directory, base), now)
        }
        for possible in possibleMates(of: key, source) where entries[possible.key]?.phase == .mate {
            entries[possible.key]?.waitsSince = now
            line(possible.key, now)
        }
    }
}
