import SijillArticles
import SijillFiles
import SijillFormat

extension Inbox {
    /// What a block of the intake found.
    func take(_ reports: [IntakeReport], of job: IntakePool.Job) {
        assertOnQueue()
        pool.blockEnded()
        var finished: [FileInHand] = []
        for report in reports {
            switch report {
            case .left(let works): pool.putBack(works)
            case .read(let work, let reading): take(reading, of: work, &finished)
            case .piece(let records, let piece, let isWhole): take(piece, of: records, isWhole, &finished)
            }
        }
        if case .large(let work) = job { largeEnded(work, reports) }
        finish(finished)
        pump()
    }

    private func take(_ reading: Reading, of work: Work, _ finished: inout [FileInHand]) {
        let ticket = work.handOut.ticket
        switch reading {
        case .notTaken(let result):
            ended(ticket)
            giveUp(ticket)
            givenUp.remove(ticket)
            if result == .blocked { warnBlocked(work) }
            handle(.intake(work.handOut.key, result))
        case .whole(let taken, let record, let outcome, let mates):
            let file = FileInHand(work: work, taken: taken)
            file.isReadToEnd = true
            files[ticket] = file
            answer(
                [hand(on: file, record, outcome, mates: mates, rejectedBytes: nil, isLast: true)],
                ticket: ticket)
            handle(.intake(work.handOut.key, .taken))
        case .alreadyTaken(let taken, let change):
            let file = FileInHand(work: work, taken: taken)
            file.isReadToEnd = true
            file.sequences.insert(change.sequence)
            file.whole = change
            ended(ticket)
            giveUp(ticket)
            givenUp.remove(ticket)
            handle(.intake(work.handOut.key, .taken))
            finished.append(file)
        case .large(let bytes, let isLines):
            // What is streamed is not waited for by others; what is read as a whole keeps its place.
            if isLines { giveUp(ticket) }
            pool.add(large: work, bytes: bytes, isLines: isLines)
        case .many: preconditionFailure("a job answers a file of many records with its first piece")
        }
    }

    /// Others go on without this ticket.
    private func giveUp(_ ticket: UInt64) {
        guard givenUp.insert(ticket).inserted else { return }
        outbox += order.add([], ticket: ticket)
    }

    /// One input on its way to the ledger.
    private func hand(
        on file: FileInHand, _ record: FileRecord, _ outcome: Arrival.Outcome, mates: [[UInt8]] = [],
        rejectedBytes: [UInt8]?, isLast: Bool
    ) -> Arrival {
        let id = ArrivalID(ticket: file.work.handOut.ticket, record: file.nextRecord)
        file.nextRecord += 1
        let weight = IntakePool.weight(of: record, outcome) + mates.reduce(0) { $0 + $1.count }
        var detail = ""
        if case .rejected(let rejection) = outcome { detail = rejection.detail }
        file.pending[id.record] = FileInHand.Pending(
            file: record, detail: detail, bytes: rejectedBytes, weight: weight)
        pool.took(inputs: 1, bytes: weight)
        return Arrival(
            id: id, file: record, outcome: outcome, taken: file.taken, mates: mates, isLastOfFile: isLast)
    }

    // MARK: Files of many records

    private func take(
        _ piece: Piece, of records: RecordFile, _ isWhole: Bool, _ finished: inout [FileInHand]
    ) {
        let ticket = records.work.handOut.ticket
        if let failure = piece.failure, files[ticket] == nil {
            if let begun = records.begun { putBack(begun, records.taken) }
            ended(ticket)
            giveUp(ticket)
            givenUp.remove(ticket)
            return handle(.intake(records.work.handOut.key, failure))
        }
        let file = files[ticket] ?? begin(records)
        if let failure = piece.failure {
            file.failure = failure
            file.isReadToEnd = true
        } else {
            file.isReadToEnd = piece.isLast
            if !isWhole, !piece.isLast { giveUp(ticket) }
            var arrivals = piece.records.enumerated().map { index, record in
                hand(
                    on: file, record.file, record.outcome, mates: record.mates,
                    rejectedBytes: record.rejectedBytes,
                    isLast: piece.isLast && index == piece.records.count - 1)
            }
            if let (record, rejection) = piece.wholeRejection, !isTaken(record, file) {
                arrivals = [hand(on: file, record, .rejected(rejection), rejectedBytes: nil, isLast: true)]
            }
            answer(arrivals, ticket: ticket)
            if !piece.isLast { pool.add(records) }
        }
        if file.isFinished {
            files[ticket] = nil
            givenUp.remove(ticket)
            finished.append(file)
        }
    }

    /// Whether the change of a file that is one input is in the log from before.
    private func isTaken(_ record: FileRecord, _ file: FileInHand) -> Bool {
        let change = resumption.value.withLock {
            $0.takeWhole(
                inode: record.inode, name: record.name, source: record.source, bytes: record.bytes,
                sha256: record.sha256)
        }
        guard let change else { return false }
        file.sequences.insert(change.sequence)
        file.whole = change
        return true
    }

    private func begin(_ records: RecordFile) -> FileInHand {
        let file = FileInHand(work: records.work, taken: records.taken)
        files[records.work.handOut.ticket] = file
        // Also those of a file that turned out to be another one: it is gone, and they close with this one.
        for range in records.earlierSequences.ranges { file.sequences.insert(range) }
        if let begun = records.begun {
            file.last = begun.last
            for change in begun.rejected {
                file.keep(change, bytes: records.bytes(of: change, bytesMax: settings.input.lineBytesMax))
            }
        }
        handle(.intake(records.work.handOut.key, .taken))
        return file
    }

    private func largeEnded(_ work: Work, _ reports: [IntakeReport]) {
        let isStream = work.isStreamed
        if case .piece(_, let piece, _)? = reports.first, !piece.isLast, piece.failure == nil {
            largeOpen[work.handOut.ticket] = isStream
        } else {
            pool.largeEnded(isStream: isStream)
        }
    }

    // MARK: What the ledger answered

    /// These are durable now.
    func take(_ outcomes: [Outcome]) {
        assertOnQueue()
        var finished: [FileInHand] = []
        var progressed: [UInt64] = []
        for outcome in outcomes {
            guard let file = files[outcome.id.ticket],
                let input = file.pending.removeValue(forKey: outcome.id.record)
            else { preconditionFailure("\(outcome.id) is answered once, after it was submitted") }
            pool.released(inputs: 1, bytes: input.weight)
            file.committed(input, outcome)
            // Memory stays bounded when line after line is rejected. What fails is tried again at the removal.
            if file.rejects.count >= 256 || file.rejectsBytes >= 1 << 20 {
                removalQueue.sync { try? file.writeRejects(quarantine) }
            }
            if file.isFinished {
                files[outcome.id.ticket] = nil
                givenUp.remove(outcome.id.ticket)
                finished.append(file)
            } else if progressed.last != outcome.id.ticket {
                progressed.append(outcome.id.ticket)
            }
        }
        // Changes were committed from them: they are no files that end the daemon by being read.
        if !progressed.isEmpty { hand?.progress(progressed) }
        finish(finished)
        pump()
    }

    /// Removes finished files; one whose reading was broken off is put back instead, to be gone on with.
    func finish(_ finished: [FileInHand]) {
        for file in finished {
            guard let isStream = largeOpen.removeValue(forKey: file.work.handOut.ticket) else { continue }
            pool.largeEnded(isStream: isStream)
        }
        ended(finished.map(\.work.handOut.ticket))
        for file in finished {
            guard let failure = file.failure else { continue }
            if let last = file.last {
                // What cannot be kept now is read again from the file later.
                removalQueue.sync {
                    try? file.writeRejects(quarantine)
                    try? file.syncRejects()
                }
                let begun = Resumption.Begun(
                    name: file.work.name.text, source: file.work.source, sequences: file.sequences,
                    last: last,
                    rejected: file.rejects.map(\.change))
                putBack(begun, file.taken)
            }
            handle(.intake(file.work.handOut.key, failure))
        }
        let whole = finished.filter { $0.failure == nil }
        guard !whole.isEmpty else { return }
        for file in whole where !file.isMeasured {
            file.isMeasured = true
            counts.lag.add(.now - file.work.handOut.completeSince)
        }
        remove(whole)
    }

    /// Hands files to `sijill.removal`, where the disk may be waited for: an unlink on some file systems is.
    private func remove(_ files: [FileInHand]) {
        let removal = Removal(
            root: root, quarantine: quarantine, done: done, journal: journal, resumption: resumption)
        beingRemoved += files.count
        if beingRemoved >= Self.removedAtOnce { source?.isSuspended = true }
        removalQueue.async {
            let results = removal.remove(files)
            self.queue.async { self.removed(files, results) }
        }
    }

    private func removed(_ files: [FileInHand], _ results: [Removal.Result]) {
        assertOnQueue()
        beingRemoved -= files.count
        for (file, result) in zip(files, results) {
            let key = file.work.handOut.key
            switch result {
            case .gone: handle(.removed(key, isReplaced: false))
            case .replaced: handle(.removed(key, isReplaced: true))
            case .blocked(let error):
                if blocked[key] == nil {
                    logger.warning("A file cannot be removed and is tried again", metadata: error.metadata)
                }
                blocked[key] = file
                handle(.removalBlocked(key))
            }
        }
        if source?.isSuspended == true {
            if beingRemoved == 0 { source?.isSuspended = false }
            return readWatch()
        }
        pump()
    }

    private func putBack(_ begun: Resumption.Begun, _ taken: TakenFile) {
        resumption.value.withLock { $0.insert(begun, inode: taken.status.inode) }
    }

    private func warnBlocked(_ work: Work) {
        logger.debug(
            "A file may not be read now and is tried again; look at its owner and mode",
            metadata: ["inbox.file": "\(String(decoding: work.path, as: UTF8.self).escapedForDisplay)"])
    }
}
