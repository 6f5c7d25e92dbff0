/// The rules of `CanonicalWords`, worked out for every scalar.
///
/// Most scalars are folded alone, by their entry. The others need NFKC with their neighbours; they are few in
/// Arabic, Latin, Cyrillic and Chinese, and many in Hindi and Thai.
struct FoldTable: Sendable {
    /// Made at first use, in a few milliseconds.
    static let shared = FoldTable()

    private(set) var entries = ScalarMap()
    private(set) var normalizer = Normalizer()
    /// What scalars become that fold to several, by scalar.
    private(set) var foldings: [UInt32: [UInt32]] = [:]
    /// The scalars below U+0800 in the form that the fast loop wants.
    private(set) var packed: [PackedEntry] = []

    private init() {
        addClasses()
        addNormalization()
        addFoldings()
        addDropped()
        addRoutes()
        packed = (0..<0x800).map { PackedEntry($0, entries[$0]) }
    }

    private mutating func addClasses() {
        let classes = UnicodeData.ranges(UnicodeData.wordClasses)
        var letter = FoldEntry()
        letter.role = .letter
        var number = letter
        number.isNumber = true
        var mark = FoldEntry()
        mark.role = .mark
        entries.fill(classes.filter { $0.value == 1 }.map(\.scalars), with: letter)
        entries.fill(classes.filter { $0.value == 2 }.map(\.scalars), with: mark)
        entries.fill(classes.filter { $0.value == 3 }.map(\.scalars), with: number)
        for range in UnicodeData.ranges(UnicodeData.latinLetters) {
            for scalar in range.scalars { entries.update(scalar) { $0.isLatin = true } }
        }
        for scalar in FoldRules.diacritics.joined() where entries[scalar].role == .mark {
            entries.update(scalar) {
                $0.isDiacritic = true
                $0.route = .joining
            }
        }
    }

    private mutating func addNormalization() {
        for range in UnicodeData.ranges(UnicodeData.combiningClasses) {
            for scalar in range.scalars { entries.update(scalar) { $0.combiningClass = UInt8(range.value) } }
        }
        for mapping in UnicodeData.mappings(UnicodeData.decompositions) {
            normalizer.decompositions[mapping.scalar] = mapping.targets
        }
        for (scalar, targets) in FoldRules.replaced { normalizer.decompositions[scalar] = targets }
        let pairs = UnicodeData.mappings(UnicodeData.canonicalPairs)
        for pair in pairs {
            let (first, second) = (pair.targets[0], pair.targets[1])
            normalizer.composites[Normalizer.pair(first, second)] = pair.scalar
            normalizer.decompositions[pair.scalar] = [first, second]
            entries.update(second) { $0.composesBackward = true }
        }
        for pair in pairs { normalizer.decompositions[pair.scalar] = expanded(pair.scalar) }
        for scalar in normalizer.decompositions.keys { entries.update(scalar) { $0.decomposes = true } }
    }

    private func expanded(_ scalar: UInt32) -> [UInt32] {
        guard let parts = normalizer.decompositions[scalar], parts != [scalar] else { return [scalar] }
        return parts.flatMap(expanded)
    }

    /// Steps 5 to 7 for single scalars that NFKC leaves as they are.
    private mutating func addFoldings() {
        var folded: [UInt32: [UInt32]] = [:]
        for (scalar, target) in FoldRules.arabicLetters { folded[scalar] = [target] }
        for digits in FoldRules.digits {
            for digit in digits { folded[digit] = [0x30 + digit - digits.lowerBound] }
        }
        for mapping in UnicodeData.mappings(UnicodeData.caseFoldings) { folded[mapping.scalar] = mapping.targets }
        for scalar in normalizer.composites.values where entries[scalar].isLatin {
            folded[scalar] = folded[scalar] ?? [scalar]
        }
        let original = entries
        for (scalar, targets) in folded {
            let bare = targets.flatMap { withoutDiacritics($0, original) }
            if bare.count > 1 {
                foldings[scalar] = bare
                entries.update(scalar) { $0.isSeveral = true }
            } else if let target = bare.first {
                entries.update(scalar) {
                    $0.target = target == scalar ? 0 : target
                    $0.role = original[target].role
                    $0.isLatin = original[target].isLatin
                    $0.isDiacritic = original[target].isDiacritic
                }
            }
        }
    }

    private func withoutDiacritics(_ scalar: UInt32, _ original: ScalarMap) -> [UInt32] {
        guard original[scalar].isLatin, let parts = normalizer.decompositions[scalar] else { return [scalar] }
        return parts.filter { !original[$0].isDiacritic }
    }

    private mutating func addDropped() {
        for scalar in (FoldRules.droppedForms + FoldRules.dropped).joined() {
            entries.update(scalar) {
                $0.role = .dropped
                $0.target = 0
            }
        }
    }

    private mutating func addRoutes() {
        var changedByDropped: Set<UInt32> = []
        for (pair, composite) in normalizer.composites {
            let (first, second) = (UInt32(pair >> 32), UInt32(truncatingIfNeeded: pair))
            // A mark that is dropped must not have changed the letter that it composed with.
            if entries[second].role == .dropped, folded(first) != folded(composite) { changedByDropped.insert(first) }
        }
        // What stands before NFKC is asked first, while every entry is still that of the scalar itself.
        var decomposed: [(UInt32, FoldEntry)] = []
        for scalar in normalizer.decompositions.keys {
            decomposed.append((scalar, decomposedEntry(scalar, changedByDropped)))
        }
        var joining: Set<UInt32> = Set(normalizer.composites.keys.map { UInt32(truncatingIfNeeded: $0) })
        for range in UnicodeData.ranges(UnicodeData.combiningClasses) { joining.formUnion(range.scalars) }
        joining.formUnion((0x1161...0x11C2).filter(Hangul.composesBackward))
        for scalar in joining where entries[scalar].role != .dropped {
            entries.update(scalar) { $0.route = .joining }
        }
        for scalar in changedByDropped { entries.update(scalar) { $0.route = .composed } }
        for scalar in foldings.keys { entries.update(scalar) { $0.route = .composed } }
        for (scalar, entry) in decomposed { entries.update(scalar) { $0 = entry } }
        growthIsComposed()
    }

    /// Steps 3 to 7 for one scalar alone.
    private func folded(_ scalar: UInt32) -> [UInt32] {
        var scalars = [scalar]
        var scratch: [UInt32] = []
        normalizer.normalize(&scalars, scratch: &scratch, entries: entries)
        return scalars.flatMap { foldings[$0] ?? (entries[$0].role == .dropped ? [] : [target(of: $0)]) }
    }

    private func target(of scalar: UInt32) -> UInt32 {
        let target = entries[scalar].target
        return target == 0 ? scalar : target
    }

    private func decomposedEntry(_ scalar: UInt32, _ changedByDropped: Set<UInt32>) -> FoldEntry {
        var entry = entries[scalar]
        if entry.role == .dropped { return entry }
        var scalars = [scalar]
        var scratch: [UInt32] = []
        normalizer.normalize(&scalars, scratch: &scratch, entries: entries)
        let first = normalizer.decompositions[scalar]?.first ?? scalar
        let starter = scalars.last { entries[$0].combiningClass == 0 }
        if entries[first].combiningClass != 0 || entries[first].composesBackward || Hangul.composesBackward(first) {
            entry.route = .joining
        } else if let starter, changedByDropped.contains(starter) {
            entry.route = .composed
        } else {
            direct(&entry, scalar, scalars)
        }
        return entry
    }

    /// The entry of a scalar that NFKC, by itself, makes `scalars`.
    private func direct(_ entry: inout FoldEntry, _ scalar: UInt32, _ scalars: [UInt32]) {
        let results = scalars.flatMap { foldings[$0] ?? [$0] }.filter { entries[$0].role != .dropped }
        let result = results.first ?? 0x20
        let folded = entries[result]
        entry.route = .composed
        if results.isEmpty {
            entry.role = .dropped
        } else if results.allSatisfy({ entries[$0].role == .separator }) {
            entry.role = .separator
        } else if results.count == 1, folded.role == .letter {
            entry.role = .letter
            entry.isLatin = folded.isLatin
            entry.target = target(of: result) == scalar ? 0 : target(of: result)
        } else {
            return
        }
        entry.route = .direct
    }

    /// The fast loop has room for what is no longer than what it read.
    private mutating func growthIsComposed() {
        for scalar in Set(normalizer.decompositions.keys).union(UnicodeData.mappings(UnicodeData.caseFoldings).map(\.scalar)) {
            let entry = entries[scalar]
            guard entry.target != 0, UTF8Bytes.count(of: entry.target) > UTF8Bytes.count(of: scalar) else { continue }
            entries.update(scalar) { if $0.route == .direct { $0.route = .composed } }
        }
    }
}
