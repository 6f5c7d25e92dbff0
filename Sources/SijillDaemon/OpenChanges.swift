import SijillFormat
import SijillIngest
import SijillLog

/// Finds the changes whose files may still lie in the inbox when the daemon starts.
enum OpenChanges {
    /// Changes that the log's state leaves open, without those whose files were renamed away: these are found by
    /// their removal names alone, never by an inode that may belong to another file by now.
    static func read(_ log: ChangeLog) throws -> [OpenChange] {
        var changes: [OpenChange] = []
        for range in log.removals.open.ranges {
            for value in range {
                let sequence = SequenceNumber(value)
                if log.removals.isRenamedAway(sequence) { continue }
                guard let line = try log.reader.line(of: sequence) else { continue }
                do {
                    let change = try Change(line: line)
                    // A withdrawal came from no file.
                    if case .withdrawn = change.record {
                        log.removals.closed([value...value])
                    } else {
                        changes.append(OpenChange(change))
                    }
                } catch {
                    throw SijillError(.damaged, "change \(sequence) cannot be read: \(error)")
                }
            }
        }
        return changes
    }
}
