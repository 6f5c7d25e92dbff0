import SijillFormat

/// Which tile or bundle is meant, and its path (c2sp.org/tlog-tiles).
package struct TilePlace: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// Hashes of a level, 0 to 63.
        case hashes(level: Int)
        /// Leaves.
        case entries
    }

    package let kind: Kind
    package let index: UInt64
    /// Hashes or leaves in it, 1 to 256.
    package let width: Int

    package init(_ kind: Kind, index: UInt64, width: Int = SijillMerkle.tileWidth) {
        self.kind = kind
        self.index = index
        self.width = width
    }

    package var isFull: Bool { width == SijillMerkle.tileWidth }

    /// Level of its hashes; that of leaves for a bundle.
    package var level: Int {
        if case .hashes(let level) = kind { return level }
        return 0
    }

    /// Leaves that a tree has to have so that this tile, in this width, is one of its tiles; nil over 64 bits.
    package var sizeNeeded: UInt64? {
        let (start, overflow) = index.multipliedReportingOverflow(by: UInt64(SijillMerkle.tileWidth))
        let (end, carry) = start.addingReportingOverflow(UInt64(width))
        let shift = UInt64(SijillMerkle.tileHeight * level)
        guard !overflow, !carry, shift < 64, end <= UInt64.max >> shift else { return nil }
        return end << shift
    }

    /// `tile/0/x001/234.p/5`, without a slash in front.
    package var path: String {
        let name =
            switch kind {
            case .hashes(let level): String(level)
            case .entries: "entries"
            }
        return "tile/\(name)/\(Self.number(index))" + (isFull ? "" : ".p/\(width)")
    }

    /// Reads the parts of a path behind `tile`; nil for every other form: a leading zero, a width of 0 or 256, a
    /// group too many.
    package init?(parts: some BidirectionalCollection<Substring>) {
        var parts = Array(parts)
        guard parts.count >= 2 else { return nil }
        let name = parts.removeFirst()
        if name == "entries" {
            kind = .entries
        } else {
            guard let level = Self.plain(name), level < 64 else { return nil }
            kind = .hashes(level: Int(level))
        }
        var width = UInt64(SijillMerkle.tileWidth)
        if parts.count >= 2, parts[parts.count - 2].hasSuffix(".p") {
            guard let partial = Self.plain(parts.removeLast()), 1...255 ~= partial else { return nil }
            width = partial
            parts.append(parts.removeLast().dropLast(2))
        }
        guard let index = Self.index(parts) else { return nil }
        self.index = index
        self.width = Int(width)
    }

    /// Tiles' levels that a tree of `size` leaves has hashes on.
    package static func levelCount(_ size: UInt64) -> Int {
        var count = 0
        while count < 8, size >> UInt64(SijillMerkle.tileHeight * count) > 0 { count += 1 }
        return count
    }

    /// Hashes in the last tile of a level, 0 when it is full or not there.
    package static func edgeWidth(_ size: UInt64, _ level: Int) -> Int {
        level < 8 ? Int(size >> UInt64(SijillMerkle.tileHeight * level) & 255) : 0
    }

    /// Full tiles of a level.
    package static func fullCount(_ size: UInt64, _ level: Int) -> UInt64 {
        level < 7 ? size >> UInt64(SijillMerkle.tileHeight * (level + 1)) : 0
    }

    /// 1234067 → `x001/x234/067`.
    static func number(_ index: UInt64) -> String {
        var rest = index / 1_000
        var text = Decimal.padded(index % 1_000, width: 3)
        while rest > 0 {
            text = "x\(Decimal.padded(rest % 1_000, width: 3))/\(text)"
            rest /= 1_000
        }
        return text
    }

    /// The one way to write an index; nil for any other.
    private static func index(_ groups: [Substring]) -> UInt64? {
        guard let last = groups.last, groups.count <= 7, last.utf8.count == 3 else { return nil }
        var digits: [UInt8] = []
        for group in groups.dropLast() {
            guard group.utf8.count == 4, group.utf8.first == UInt8(ascii: "x") else { return nil }
            digits += group.utf8.dropFirst()
        }
        guard let index = Decimal.value(digits + Array(last.utf8)),
            number(index) == groups.joined(separator: "/")
        else { return nil }
        return index
    }

    /// Decimal digits without a leading zero or sign.
    private static func plain(_ text: Substring) -> UInt64? {
        guard let value = Decimal.value(text.utf8), String(value) == text else { return nil }
        return value
    }
}
