import SijillFiles
import SijillFormat

/// Durations of the inbox. The defaults are those of the contract (inbox §2).
package struct SettlingTimes: Hashable, Sendable {
    /// How long a closed file must be unchanged.
    package var settle = Duration.seconds(1)
    /// How long an empty file may stay so before it is rejected.
    package var emptyWait = Duration.seconds(60)
    /// When a file that looks cut is read again, counted from the first time.
    package var rereads = [Duration.seconds(5), .seconds(20), .seconds(60)]
    /// How often a file with a writer is asked: at first, and after `writerPatience`.
    package var writerPoll = Duration.seconds(1)
    package var writerSlowPoll = Duration.seconds(10)
    package var writerPatience = Duration.seconds(60)
    /// From when on a file with a writer counts as stuck.
    package var stuck = Duration.seconds(3600)
    /// First and longest wait for what is blocked; each wait is twice the one before.
    package var blockedFirst = Duration.seconds(1)
    package var blockedMax = Duration.seconds(300)
    /// Between two looks where no lease is to be had, and between two scans of a polled directory.
    package var poll = Duration.seconds(5)
    /// Between two scans of everything.
    package var rescan = Duration.seconds(60)
    /// How long a file waits for its sidecar or pair mate, and a sidecar for its file.
    package var mateWait = Duration.seconds(30)
    /// From what age on names that are left alone are reported.
    package var ignoredReport = Duration.seconds(86_400)

    package init() {}
}

/// One name that a scan found.
package struct ScanEntry: Hashable, Sendable {
    package let name: NameBytes
    package let status: FileStatus

    package init(name: NameBytes, status: FileStatus) {
        self.name = name
        self.status = status
    }
}

/// Why a directory is scanned: it decides what is believed of the files found.
package enum ScanCause: Hashable, Sendable {
    /// The daemon starts.
    case start
    /// Its turn has come, the watch overflowed, or someone asked.
    case rescan
    /// It has no watch, and is scanned every few seconds.
    case poll
    /// It was made while the daemon ran.
    case appeared
    /// It was renamed into the inbox whole: so its files are whole (class A).
    case movedIn
}

/// What was found out about one file that was handed to the intake.
package enum IntakeResult: Hashable, Sendable {
    /// It is on its way to the ledger; `removed` comes when it is gone.
    case taken
    case hasWriter
    case changedWhileRead
    case looksCut
    /// It has no bytes, and was handed out as one that must have some.
    case empty
    case vanished
    /// May not be read, or not now; tried again with back-off.
    case blocked
    /// One of its mates is not there any more.
    case mateVanished
    /// There is no asking for writers: the rule of class E is to be used.
    case noLeases
}

/// A file that is to be read now, and how sure it is that it is complete.
package struct HandOut: Hashable, Sendable {
    package let key: FileKey
    /// Its place in the order of arrival.
    package let ticket: UInt64
    /// False where two equal looks have answered instead of the kernel.
    package let asksForWriters: Bool
    /// An empty file has waited long enough: it is rejected.
    package let mayBeEmpty: Bool
    /// It has been read again often enough: what looks cut is rejected `truncated`.
    package let isLastReading: Bool
    /// It lies deeper than `SijillIngest.depthMax`.
    package let isTooDeep: Bool
    /// What leaves the inbox with it.
    package var mates: [MateKey] = []
    /// It is rejected for this, unparsed: `orphan-sidecar` or `missing-sidecar`.
    package var refusal: RejectReason?
    package let completeSince: Instant
}

extension Settling {
    package enum Event: Sendable {
        case created(FileKey)
        case closedWrite(FileKey)
        case movedIn(FileKey)
        case movedFrom(FileKey)
        case directoryAppeared(DirectoryID, NameBytes, wasMoved: Bool)
        /// A name went, and it was a directory.
        case directoryVanished(DirectoryID, NameBytes)
        /// A known directory is not there any more.
        case directoryGone(DirectoryID)
        /// `wallClock` is nanoseconds since 1970 at the scan, to be compared with ctimes.
        case scanned([ScanResult], ScanCause, wallClock: Int64)
        /// How a directory can be watched, and whether its files can be asked for writers.
        case watched(DirectoryID, isPolled: Bool, hasNoLeases: Bool)
        case looked(FileKey, FileStatus?)
        case intake(FileKey, IntakeResult)
        /// A taken file is gone from its name; `isReplaced` when another lies there.
        case removed(FileKey, isReplaced: Bool)
        /// A taken file could not be removed.
        case removalBlocked(FileKey)
        /// Everything is to be scanned: overflow of the watch, or on demand.
        case rescan
        /// The timer fired.
        case due
    }

    package enum Action: Hashable, Sendable {
        /// Ask for the status of what lies there and answer `looked`.
        case look(FileKey)
        /// Watch, then scan, the directory and, by `enter`, all below; answer `watched` for each and one `scanned`.
        case scan(DirectoryID, ScanCause)
        case unwatch(DirectoryID)
        /// Try once more to remove a taken file.
        case remove(FileKey)
        /// Say that a file has had a writer for too long.
        case reportStuck(FileKey)
    }

    /// What one directory held.
    package struct ScanResult: Sendable {
        package let directory: DirectoryID
        package let entries: [ScanEntry]

        package init(directory: DirectoryID, entries: [ScanEntry]) {
            self.directory = directory
            self.entries = entries
        }
    }

    /// Files by state, for status and metrics.
    package struct Counts: Hashable, Sendable {
        package var settling = 0
        package var ready = 0
        package var inHand = 0
        /// Someone has it open for writing.
        package var withWriter = 0
        /// The same for more than `SettlingTimes.stuck`.
        package var stuck = 0
        package var empty = 0
        package var looksCut = 0
        package var blocked = 0
        /// Complete, and waiting for what has to come with them, or as sidecars for their files.
        package var waitsForMate = 0
        /// Those of these that wait for a marker, or for a mate that is not complete.
        package var waitsForMarker = 0
        /// Markers, sidecars and pair mates that go when their files go.
        package var mates = 0
        /// How long the oldest has been there; zero when there is none.
        package var oldest = Duration.zero
        /// Names left alone, as of the last whole scan, and those that have been for `SettlingTimes.ignoredReport`.
        package var ignored = 0
        package var ignoredForLong = 0
        /// Files that only a rescan found since the start.
        package var foundByRescan = 0
        package var directories = 0
        package var polledDirectories = 0

        package init() {}

        /// Files that are somewhere on their way.
        package var waiting: Int {
            settling + ready + inHand + withWriter + empty + looksCut + blocked + waitsForMate
        }
    }
}
