/// The rules of folding that are ours. What Unicode decides is in `UnicodeData`.
enum FoldRules {
    /// Step 2: dropped before NFKC.
    static let droppedForms: [ClosedRange<UInt32>] = [0xFC5E...0xFC63, 0xFCF2...0xFCF4, 0xFE70...0xFE7F]

    /// Step 3: what stands for others, whatever NFKC says.
    static let replaced: [(UInt32, by: [UInt32])] = [
        (0x0675, by: [0x0627]),
        (0xFDFC, by: [0x0631, 0x064A, 0x0627, 0x0644]),
    ]

    /// Step 4: dropped after NFKC.
    static let dropped: [ClosedRange<UInt32>] = [
        0x0640...0x0640,  // tatweel
        // Arabic marks.
        0x0610...0x061A, 0x064B...0x065F, 0x0670...0x0670, 0x06D6...0x06DC, 0x06DF...0x06E8, 0x06EA...0x06ED,
        // Soft hyphen, joiners, directions, byte order mark.
        0x00AD...0x00AD, 0x061C...0x061C, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF...0xFEFF,
        // Marks that are not seen: grapheme joiner, Khmer inherent vowels, variation selectors.
        0x034F...0x034F, 0x17B4...0x17B5, 0x180B...0x180D, 0x180F...0x180F, 0xFE00...0xFE0F,
        0xE0100...0xE01EF,
    ]

    /// Step 5: Arabic letters that become one. The free hamza stays.
    static let arabicLetters: [(UInt32, to: UInt32)] = [
        (0x0622, to: 0x0627), (0x0623, to: 0x0627), (0x0625, to: 0x0627), (0x0671, to: 0x0627),
        (0x0672, to: 0x0627), (0x0673, to: 0x0627),
        (0x0649, to: 0x064A), (0x06CC, to: 0x064A), (0x06D0, to: 0x064A),
        (0x0629, to: 0x0647), (0x06C1, to: 0x0647), (0x06BE, to: 0x0647),
        (0x0624, to: 0x0648), (0x0626, to: 0x064A), (0x06A9, to: 0x0643),
    ]

    /// Step 6: ranges of ten digits, from 0 to 9.
    static let digits: [ClosedRange<UInt32>] = [0x0660...0x0669, 0x06F0...0x06F9]

    /// Step 7: where the diacritics are that are taken off Latin letters.
    static let diacritics: [ClosedRange<UInt32>] = [
        0x0300...0x036F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF, 0x20D0...0x20FF, 0xFE20...0xFE2F,
    ]

    static func contains(_ scalar: UInt32, _ ranges: [ClosedRange<UInt32>]) -> Bool {
        ranges.contains { $0.contains(scalar) }
    }
}
