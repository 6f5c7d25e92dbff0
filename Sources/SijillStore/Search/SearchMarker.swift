import SijillFormat
import SijillText

/// Finds in a text what was looked for, as it is written there.
///
/// It goes by the same tokens as the index, so it marks what made the text a hit, and not what a plain comparison of
/// letters would find. (FTS5's own `snippet` puts marks into the text, where they cannot be told from the text.)
struct SearchMarker {
    /// Texts are searched up to here, and on only as long as nothing has been found.
    private static let searchedBytes = 256 << 10

    private struct Phrase {
        /// For each of its tokens, a bit of `exact` or `beginnings`.
        let bits: [UInt64]
    }

    private var tokenizer = SearchTokenizer()
    /// Tokens that are looked for, with their bits.
    private var exact: [(token: [UInt8], bit: UInt64)] = []
    private var beginnings: [(token: [UInt8], bit: UInt64)] = []
    private var phrases: [Phrase] = []

    init(_ query: SearchQuery) {
        // At most 64 tokens, so each has a bit.
        for phrase in query.wanted {
            var bits: [UInt64] = []
            for (index, token) in phrase.tokens.enumerated() {
                let isBeginning = phrase.isPrefix && index == phrase.tokens.count - 1
                bits.append(bit(of: token, isBeginning: isBeginning))
            }
            phrases.append(Phrase(bits: bits))
        }
    }

    private mutating func bit(of token: [UInt8], isBeginning: Bool) -> UInt64 {
        if let known = (isBeginning ? beginnings : exact).first(where: { $0.token == token }) {
            return known.bit
        }
        let bit = UInt64(1) << UInt64(exact.count + beginnings.count)
        if isBeginning { beginnings.append((token, bit)) } else { exact.append((token, bit)) }
        return bit
    }

    /// The whole of a title; empty when nothing of it was looked for.
    mutating func title(_ text: [UInt8]) -> [SearchFragment] {
        let found = find(text)
        return found.matches.isEmpty ? [] : fragments(text, 0..<text.count, found.matches)
    }

    /// The part of a text that holds most of what was looked for, with an ellipsis where it is cut; its beginning when
    /// nothing of it is there.
    mutating func snippet(_ text: [UInt8]) -> [SearchFragment] {
        let found = find(text)
        let window = SnippetWindow(text, found.words, found.matches)
        var result = fragments(text, window.range, found.matches)
        if window.range.lowerBound > 0 { result.insert(SearchFragment(text: "…", isMarked: false), at: 0) }
        if window.isCutBehind { result.append(SearchFragment(text: "…", isMarked: false)) }
        return result.joined
    }

    /// A word or a phrase of the text that was looked for.
    struct Match {
        let range: Range<Int>
        /// Which phrase of the query it is.
        let phrase: Int
    }

    /// Where words stand, and which of them were looked for: ascending, without two at one place.
    private mutating func find(_ text: [UInt8]) -> (words: [Range<Int>], matches: [Match]) {
        var words: [Range<Int>] = []
        var bits: [UInt64] = []
        var hasAny = false
        tokenizer.tokenize(text.span, for: .document) { [exact, beginnings] token, source, isColocated in
            var found: UInt64 = 0
            for (wanted, bit) in exact where token.equals(wanted) { found |= bit }
            for (wanted, bit) in beginnings where token.begins(with: wanted) { found |= bit }
            if isColocated, let last = bits.indices.last {
                bits[last] |= found
            } else {
                if hasAny, source.lowerBound > SearchMarker.searchedBytes { return false }
                words.append(source)
                bits.append(found)
            }
            hasAny = hasAny || found != 0
            return true
        }
        return (words, hasAny ? matches(words, bits) : [])
    }

    private func matches(_ words: [Range<Int>], _ bits: [UInt64]) -> [Match] {
        var result: [Match] = []
        var place = 0
        while place < words.count {
            guard bits[place] != 0, let phrase = longestPhrase(at: place, bits) else {
                place += 1
                continue
            }
            for word in words[place..<place + phrases[phrase].bits.count] {
                // Letters of a script without spaces make one mark, two words of one character do not make two.
                if let last = result.last, last.range.upperBound >= word.lowerBound {
                    let end = max(last.range.upperBound, word.upperBound)
                    result[result.count - 1] = Match(range: last.range.lowerBound..<end, phrase: last.phrase)
                } else {
                    result.append(Match(range: word, phrase: phrase))
                }
            }
            place += phrases[phrase].bits.count
        }
        return result
    }

    /// The phrase that begins at a place; of several, the one with most words.
    private func longestPhrase(at place: Int, _ bits: [UInt64]) -> Int? {
        var longest: Int?
        for (index, phrase) in phrases.enumerated() {
            guard place + phrase.bits.count <= bits.count,
                phrase.bits.indices.allSatisfy({ bits[place + $0] & phrase.bits[$0] != 0 })
            else { continue }
            if longest.map({ phrases[$0].bits.count < phrase.bits.count }) ?? true { longest = index }
        }
        return longest
    }

    private func fragments(_ text: [UInt8], _ window: Range<Int>, _ matches: [Match]) -> [SearchFragment] {
        var result: [SearchFragment] = []
        var position = window.lowerBound
        for match in matches where window.contains(match.range.lowerBound) {
            let end = min(match.range.upperBound, window.upperBound)
            if position < match.range.lowerBound {
                result.append(fragment(text[position..<match.range.lowerBound], isMarked: false))
            }
            result.append(fragment(text[match.range.lowerBound..<end], isMarked: true))
            position = end
        }
        if position < window.upperBound {
            result.append(fragment(text[position..<window.upperBound], isMarked: false))
        }
        return result.filter { !$0.text.isEmpty }
    }

    /// A part of the text in one line: white space and controls become one space, and the invisible characters that
    /// turn the direction of all that follows, whose end may be cut off, are left out.
    private func fragment(_ bytes: ArraySlice<UInt8>, isMarked: Bool) -> SearchFragment {
        var result = String.UnicodeScalarView()
        var endsInSpace = false
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch scalar.value {
            case 0...0x20, 0x7F...0xA0, 0x2028, 0x2029:
                if !endsInSpace { result.append(" ") }
                endsInSpace = true
            case 0x202A...0x202E, 0x2066...0x2069:
                continue
            default:
                result.append(scalar)
                endsInSpace = false
            }
        }
        return SearchFragment(text: String(result), isMarked: isMarked)
    }
}

/// The part of a text that a snippet shows.
private struct SnippetWindow {
    /// Whole words, and what stands between them.
    private(set) var range: Range<Int>
    private(set) var isCutBehind: Bool

    /// Characters before the first word that was looked for.
    private static let before = 50

    init(_ text: [UInt8], _ words: [Range<Int>], _ matches: [SearchMarker.Match]) {
        let size = SearchLimits.snippetCharacters
        let start = matches.isEmpty ? 0 : Self.start(text, words, Self.best(text, matches))
        var end = start
        var characters = 0
        while end < text.count, characters < size {
            end += 1
            while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
            characters += 1
        }
        if end < text.count {
            // Back to the end of a word, unless one word fills all of it.
            let last = Self.index(of: end, in: words)
            if last < words.count, words[last].lowerBound < end, words[last].lowerBound > start {
                end = words[last].lowerBound
            }
        }
        range = start..<end
        isCutBehind = end < text.count
    }

    /// The match that begins the stretch with the most different phrases of the query; of equals the first.
    private static func best(_ text: [UInt8], _ matches: [SearchMarker.Match]) -> SearchMarker.Match {
        var best = (match: matches[0], phrases: 0, matches: 0)
        // Bytes stand for characters here: what matters is which stretch says most.
        let bytes =
            SearchLimits.snippetCharacters * (text.count { $0 & 0xC0 == 0x80 } * 3 > text.count ? 2 : 1)
        for (index, match) in matches.prefix(1_000).enumerated() {
            let stretch = matches[index...].prefix {
                $0.range.upperBound - match.range.lowerBound <= bytes - 60
            }
            let phrases = Set(stretch.map(\.phrase)).count
            if (phrases, stretch.count) > (best.phrases, best.matches) {
                best = (match, phrases, stretch.count)
            }
        }
        return best.match
    }

    /// Some words before the match: the beginning of a word.
    private static func start(_ text: [UInt8], _ words: [Range<Int>], _ match: SearchMarker.Match) -> Int {
        var position = match.range.lowerBound
        var characters = 0
        while position > 0, characters < before {
            position -= 1
            if text[position] & 0xC0 != 0x80 { characters += 1 }
        }
        if position == 0 { return 0 }
        let first = index(of: position, in: words)
        guard first < words.count else { return match.range.lowerBound }
        // The word that the place lies in begins before it.
        let next = words[first].lowerBound < position ? first + 1 : first
        return min(
            match.range.lowerBound, next < words.count ? words[next].lowerBound : match.range.lowerBound)
    }

    /// The first word that ends behind `position`.
    private static func index(of position: Int, in words: [Range<Int>]) -> Int {
        var low = 0
        var high = words.count
        while low < high {
            let middle = (low + high) / 2
            if words[middle].upperBound <= position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension [SearchFragment] {
    /// Neighbours of one kind as one.
    fileprivate var joined: [SearchFragment] {
        reduce(into: []) { result, fragment in
            if let last = result.last, last.isMarked == fragment.isMarked {
                result[result.count - 1].text += fragment.text
            } else {
                result.append(fragment)
            }
        }
    }
}

extension Span<UInt8> {
    fileprivate func equals(_ other: [UInt8]) -> Bool { count == other.count && begins(with: other) }

    fileprivate func begins(with other: [UInt8]) -> Bool {
        guard count >= other.count else { return false }
        for index in other.indices where self[index] != other[index] { return false }
        return true
    }
}
