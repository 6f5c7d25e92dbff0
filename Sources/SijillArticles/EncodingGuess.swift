import CUchardet

/// Which encoding bytes are in that are no UTF-8 (contract/inbox.md §5).
///
/// A detector alone is often wrong, most of all on short texts. So each known table is tried, and a reading
/// counts only when its characters are those of a language that is written in it, in the way it is written.
/// The one with clearly more of the common letters is right; where none is, libuchardet has the say. Where that
/// names none of them the encoding is unknown, as in most texts of a few words: no text is better than a wrong
/// one.
enum EncodingGuess {
    /// Bytes from the first one past ASCII on that are looked at.
    static let sampleBytesMax = 32 << 10
    /// So many more common letters make one reading right and another wrong. Two tables of one script share
    /// many letters; in five words the wrong one may well lead by four.
    static let leadMin = 8
    /// Bytes past ASCII from which on libuchardet has the say: of a Latin text, and of another.
    static let detectBytesMin = (latin: 6, other: 40)

    /// Nil when no encoding can be told.
    static func encoding(of bytes: [UInt8]) -> TextEncoding? {
        guard let first = bytes.firstIndex(where: { $0 >= 0x80 }) else { return nil }
        // What stands before is ASCII, so the sample begins with a whole character in every table.
        let sample = bytes[max(0, first - 64)...].prefix(sampleBytesMax)
        var readings: [Reading] = []
        for (encoding, alphabets) in Alphabet.tables {
            guard let reading = Reading(sample, encoding, alphabets) else { continue }
            if let same = readings.firstIndex(where: { $0.text == reading.text }) {
                readings[same].encodings.append(encoding)
            } else {
                readings.append(reading)
            }
        }
        readings.sort { $0.commonCount > $1.commonCount }
        guard let best = readings.first else { return nil }
        let next = readings.count > 1 ? readings[1].commonCount : 0
        if best.commonCount >= next + leadMin || (best.isLatin && readings.count == 1) {
            return best.encodings[0]
        }
        let guess = detect(sample)
        guard let reading = readings.first(where: { $0.encodings.contains { $0 == guess } }) else {
            return nil
        }
        let count = sample.count { $0 >= 0x80 }
        let min = reading.isLatin ? detectBytesMin.latin : detectBytesMin.other
        return count >= min ? reading.encodings[0] : nil
    }

    /// What libuchardet takes the bytes for, as the encoding of the table that holds it.
    static func detect(_ sample: ArraySlice<UInt8>) -> TextEncoding? {
        guard let detector = uchardet_new() else { return nil }
        defer { uchardet_delete(detector) }
        let code = sample.withUnsafeBytes { raw in
            uchardet_handle_data(detector, raw.bindMemory(to: CChar.self).baseAddress, raw.count)
        }
        guard code == 0 else { return nil }
        uchardet_data_end(detector)
        let name = String(cString: uchardet_get_charset(detector)).lowercased()
        switch name {
        case "": return nil
        // What the detector takes for these is nearly always the wider or the more common table.
        case "iso-8859-3": return TextEncoding("windows-1252")
        case "iso-8859-13", "iso-8859-4": return TextEncoding("windows-1257")
        case "uhc", "euc-kr": return TextEncoding("euc-kr")
        case "mac-cyrillic": return TextEncoding("windows-1251")
        default: return TextEncoding(label: name)
        }
    }

    /// A sample read with one table.
    private struct Reading {
        let text: [UInt8]
        var encodings: [TextEncoding]
        let commonCount: Int

        var isLatin: Bool { commonCount == 0 }

        /// Nil when the sample is not in that table, or nobody writes like that.
        init?(_ sample: ArraySlice<UInt8>, _ encoding: TextEncoding, _ alphabets: [Alphabet]) {
            switch encoding.decode(sample) {
            case .text(let text): self.text = text
            // The sample may end inside a character.
            case .cut(let text, _): self.text = text
            case .fault: return nil
            }
            let scalars = Array(String(decoding: text, as: UTF8.self).unicodeScalars)
            // Lines and blocks of boxes stand where a related table has letters.
            guard scalars.allSatisfy({ DecodedText.isAllowed($0) && !(0x2500...0x259F ~= $0.value) }) else {
                return nil
            }
            let counts = alphabets.compactMap { Plausibility(scalars, $0)?.commonCount }
            guard let count = counts.max() else { return nil }
            commonCount = count
            encodings = [encoding]
        }
    }
}

/// What a decoded text may hold.
enum DecodedText {
    /// Neither a control character that no text holds, nor U+FFFD, a private or an unassigned one: signs that
    /// the table was the wrong one.
    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0C, 0x0D, 0x20...0x7E, 0xA0...0x24F, 0x400...0x45F, 0x621...0x64A, 0x4E00...0x9FA5:
            return true
        case 0x1A: return true  // the end of a file from DOS
        case 0xFFFD: return false
        default:
            switch scalar.properties.generalCategory {
            case .control, .privateUse, .unassigned, .surrogate: return false
            default: return true
            }
        }
    }
}
