import SijillFiles
import SijillFormat

/// Looks at the machine, the data directory and the configuration, and says what will go wrong and what to do.
struct Doctor {
    /// What was found out about one thing.
    struct Finding: Hashable {
        enum Verdict: String, Hashable { case ok, warning, problem }

        /// Dotted, and the same in every version: `disk.free`.
        let name: String
        let verdict: Verdict
        let detail: String
        /// What to do; empty where nothing is to be done.
        let remedy: String

        var line: String {
            let mark =
                switch verdict {
                case .ok: "ok      "
                case .warning: "warning "
                case .problem: "PROBLEM "
                }
            return "\(mark) \(name): \(detail)" + (remedy.isEmpty ? "" : "; \(remedy)")
        }

        var json: JSONValue {
            .object(
                [
                    ("name", name), ("verdict", verdict.rawValue), ("detail", detail), ("remedy", remedy),
                ].map { JSONMember(name: $0.0, value: .string(Array($0.1.utf8))) })
        }
    }

    let configuration: DaemonConfiguration
    private(set) var findings: [Finding] = []

    init(_ configuration: DaemonConfiguration) { self.configuration = configuration }

    mutating func run() {
        checkProcess()
        checkKernel()
        checkClock()
        checkData()
        checkInbox()
        checkSpace()
        checkListening()
    }

    var hasProblem: Bool { findings.contains { $0.verdict == .problem } }

    mutating func add(_ name: String, _ verdict: Finding.Verdict, _ detail: String, _ remedy: String = "") {
        findings.append(Finding(name: name, verdict: verdict, detail: detail, remedy: remedy))
    }

    // MARK: The process

    private static let openFilesMin: Int64 = 4_096

    private mutating func checkProcess() {
        if SystemFacts.userID == 0 {
            add(
                "user", .warning, "doctor runs as root, for whom everything is allowed",
                "run it as the user that the daemon runs as: sudo -u sijill sijilld doctor …")
        } else {
            add("user", .ok, "runs as user \(SystemFacts.userID)")
        }
        let files = SystemFacts.openFilesMax ?? 0
        if files < Self.openFilesMin {
            add(
                "limits.open-files", .warning, "\(files) files may be open; each follower takes one",
                "raise it to 65536: LimitNOFILE= in the unit, ulimit -n in a shell")
        } else {
            add("limits.open-files", .ok, "\(files) files may be open")
        }
        if SystemFacts.hasLeaseCapability {
            add("lease.capability", .ok, "CAP_LEASE is there: files of all users can be asked for writers")
        } else {
            add(
                "lease.capability", .warning,
                "without CAP_LEASE the files of other users are read when they have been still for inbox.settle",
                "the unit gives it (AmbientCapabilities=CAP_LEASE); or let one user drop and take in")
        }
    }

    // MARK: The kernel

    private mutating func checkKernel() {
        if SystemFacts.setting("fs.protected_hardlinks") == 1 {
            add("kernel.hard-links", .ok, "fs.protected_hardlinks is 1")
        } else {
            add(
                "kernel.hard-links", .problem,
                "fs.protected_hardlinks is not 1: whoever may drop files could have others' files taken in",
                "sysctl -w fs.protected_hardlinks=1, and in /etc/sysctl.d")
        }
        let folders = Int64(folderCount(configuration.inboxPath))
        let watches = SystemFacts.setting("fs.inotify.max_user_watches") ?? 0
        if watches < max(8_192, 2 * folders) {
            add(
                "inotify.watches", watches < folders ? .problem : .warning,
                "fs.inotify.max_user_watches is \(watches), the inbox has \(folders) folders",
                "raise it in /etc/sysctl.d; folders without a watch are seen by the rescan only")
        } else {
            add("inotify.watches", .ok, "\(watches) may be had, the inbox has \(folders) folders")
        }
        let instances = SystemFacts.setting("fs.inotify.max_user_instances") ?? 0
        if instances < 16 {
            add(
                "inotify.instances", .warning, "fs.inotify.max_user_instances is \(instances)",
                "raise it to 128 in /etc/sysctl.d")
        }
        do throws(SystemError) {
            _ = try Watch()
            add("inotify", .ok, "works")
        } catch {
            add(
                "inotify", .problem, "cannot be used: \(error)",
                "raise fs.inotify.max_user_instances, or end what holds them")
        }
    }

    /// The folder and those below it, down to eight levels.
    private func folderCount(_ path: String, depth: Int = 0) -> Int {
        guard depth < 8, let folder = try? DirectoryHandle(path: path), let names = try? folder.names() else {
            return depth == 0 ? 0 : 1
        }
        return names.reduce(1) { count, name in
            guard let status = try? folder.status(of: name), status.kind == .directory else { return count }
            return count + folderCount(folder.path(of: name), depth: depth + 1)
        }
    }

    // MARK: The clock

    /// 2024-01-01, before which no version of Sijill existed.
    private static let sensibleTime: Int64 = 1_704_067_200

    private mutating func checkClock() {
        let now = WallClock.now() / 1_000_000_000
        if now < Self.sensibleTime {
            add("clock", .problem, "it says that it is before 2024", "set it; changes are dated by it")
        } else if SystemFacts.isClockSynchronized == false {
            add(
                "clock", .warning, "no time service keeps it, as far as the kernel knows",
                "install systemd-timesyncd or chrony; changes are dated by it")
        } else {
            add("clock", .ok, "it is kept by a time service, or the kernel does not say")
        }
    }
}
