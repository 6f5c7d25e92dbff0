import CSijillSystem

/// How many files and connections the process may have open.
package enum OpenFiles {
    /// Raises the soft limit to the hard one: each follower is a descriptor, and 1,024 is the soft limit of most systems.
    package static func raiseLimit() { sijill_raise_open_files() }
}
