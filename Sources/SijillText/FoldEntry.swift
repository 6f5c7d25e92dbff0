/// What folding does with one scalar: a row of `FoldTable`.
struct FoldEntry: Hashable, Sendable {
    /// What the scalar is to the words, once it is folded.
    enum Role: UInt64 {
        case separator, letter, mark, dropped
    }

    /// How much of the text must be seen to fold the scalar.
    enum Route: UInt64 {
        /// The scalar alone: `target` is all that there is to it.
        case direct
        /// The scalar with the marks behind it, through NFKC.
        case composed
        /// The scalar with what stands before it, through NFKC.
        case joining
    }

    var bits: UInt64 = 0

    /// What the scalar becomes; 0 when it stays what it is.
    var target: UInt32 {
        get { UInt32(truncatingIfNeeded: bits & 0x1F_FFFF) }
        set { bits = bits & ~0x1F_FFFF | UInt64(newValue) }
    }

    var role: Role {
        // Two bits, four roles.
        get { Role(rawValue: bits >> 21 & 3).unsafelyUnwrapped }
        set { bits = bits & ~(3 << 21) | newValue.rawValue << 21 }
    }

    /// A mark belongs to a word; where there is none, it separates.
    @inline(__always)
    func role(insideWord: Bool) -> Role { role == .mark && !insideWord ? .separator : role }

    var route: Route {
        get { Route(rawValue: bits >> 23 & 3) ?? .joining }
        set { bits = bits & ~(3 << 23) | newValue.rawValue << 23 }
    }

    /// The folded scalar is a Latin letter: it loses its diacritics.
    var isLatin: Bool {
        get { bits & 1 << 25 != 0 }
        set { set(25, newValue) }
    }

    /// A mark that is dropped behind a Latin letter.
    var isDiacritic: Bool {
        get { bits & 1 << 26 != 0 }
        set { set(26, newValue) }
    }

    /// Case folding makes it several scalars, see `FoldTable.foldings`.
    var isSeveral: Bool {
        get { bits & 1 << 27 != 0 }
        set { set(27, newValue) }
    }

    /// It has a decomposition, see `FoldTable.decompositions`.
    var decomposes: Bool {
        get { bits & 1 << 28 != 0 }
        set { set(28, newValue) }
    }

    /// It may compose with a scalar before it, see `FoldTable.composites`.
    var composesBackward: Bool {
        get { bits & 1 << 29 != 0 }
        set { set(29, newValue) }
    }

    /// A number, of any script. (Asked of folded scalars only.)
    var isNumber: Bool {
        get { bits & 1 << 30 != 0 }
        set { set(30, newValue) }
    }

    /// Canonical combining class.
    var combiningClass: UInt8 {
        get { UInt8(truncatingIfNeeded: bits >> 32) }
        set { bits = bits & ~(0xFF << 32) | UInt64(newValue) << 32 }
    }

    private mutating func set(_ bit: UInt64, _ value: Bool) {
        bits = bits & ~(1 << bit) | (value ? 1 << bit : 0)
    }
}
