import CSijillSystem

/// The arenas of malloc, from which threads that come at the same time are served.
package enum MemoryArenas {
    /// Queues run on threads that come and go, and what one of them has made others give back: each arena keeps its holes.
    /// glibc would make eight a core; with these few the daemon takes no more time and a quarter less memory
    /// (Documentation/Performance.md).
    private static let max: Int32 = 4

    /// Bounds their number, unless the environment does (`MALLOC_ARENA_MAX`, `GLIBC_TUNABLES`). Before threads are made.
    package static func limit() { sijill_limit_malloc_arenas(max) }
}
