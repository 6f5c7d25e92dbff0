import CSijillSystem
import Glibc

/// What the kernel says about writers of a file.
package enum LeaseAnswer: Hashable, Sendable {
    case noWriter
    /// Someone has it open for writing or mapped writable.
    case hasWriter
    /// Leases are not to be had here: a network file system, or a file of another owner without CAP_LEASE.
    case unavailable
}

/// Asks for a read lease and drops it at once (fcntl(2), F_SETLEASE).
package enum Lease {
    /// Whether anyone could still be writing to the file behind `descriptor`, which must be open read-only.
    ///
    /// Between taking and dropping the lease an opening writer makes the kernel send SIGIO, which must be ignored
    /// by the process.
    package static func probe(_ descriptor: FileDescriptor) -> LeaseAnswer {
        while sijill_probe_lease(descriptor.number) != 0 {
            switch errno {
            case EINTR: continue
            case EAGAIN: return .hasWriter
            default: return .unavailable
            }
        }
        return .noWriter
    }
}
