/// The characters of a language or of a group that shares a script, to tell a right reading of bytes from a
/// wrong one.
struct Alphabet: Sendable {
    /// Whether a character past ASCII belongs to it.
    let holds: @Sendable (UInt32) -> Bool
    /// The characters that are a large part of every text; of a Latin alphabet none, as ASCII holds them.
    let common: Set<UInt32>
    /// The least part of the alphabet's own characters that are common ones.
    let commonShareMin: Double
    /// Own characters that a text must have for the reading to be judged at all.
    let countMin: Int

    var isLatin: Bool { common.isEmpty }

    /// A Latin language: the letters past ASCII that it writes.
    init(latin letters: String) {
        let set = Set((letters + letters.uppercased()).unicodeScalars.map(\.value))
        holds = { set.contains($0) }
        common = []
        commonShareMin = 0
        countMin = 0
    }

    init(
        _ ranges: [ClosedRange<UInt32>], common: String, shareMin: Double, countMin: Int = 6
    ) {
        holds = { character in ranges.contains { $0.contains(character) } }
        self.common = Set(common.unicodeScalars.map(\.value))
        commonShareMin = shareMin
        self.countMin = countMin
    }

    /// Persian and Urdu too.
    static let arabic = Alphabet(
        [0x60C...0x60C, 0x61B...0x61B, 0x61F...0x61F, 0x621...0x669, 0x670...0x6D5],
        common: "اليمنورتبهدیک", shareMin: 0.4)
    static let cyrillic = Alphabet(
        [0x401...0x45F, 0x490...0x491], common: "оеаинтсрвліОЕАИНТСРВЛІ", shareMin: 0.35)
    static let greek = Alphabet([0x386...0x3CE], common: "αοιετσνηυρπάόίέ", shareMin: 0.35)
    static let hebrew = Alphabet([0x5B0...0x5EA], common: "יהולאתמרבשנ", shareMin: 0.4)
    static let thai = Alphabet([0xE01...0xE5B], common: "านรอกเง่มยลวดท้ตสัี", shareMin: 0.4)
    static let chinese = Alphabet(
        [0x4E00...0x9FFF],
        common: "的一是不了在有人我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可里后小么心"
            + "多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长新报市部"
            + "這來國個說們為時會過對裡後麼沒於還發當無開見經頭從動兩長報與關區電話議員政府",
        shareMin: 0.12, countMin: 4)
    static let japanese = Alphabet(
        [0x3040...0x30FF, 0x4E00...0x9FFF], common: "のにはをたがでてとしれさいるなもあらりすこかっくうま",
        shareMin: 0.25, countMin: 4)
    static let korean = Alphabet(
        [0xAC00...0xD7A3], common: "이다는의에을를가은로하고서지한도기사인대시정자부국일전그년들수보원으해있",
        shareMin: 0.3, countMin: 4)
    static let western = [
        "àâæçéèêëîïôœùûü", "äöüß", "áéíñóúüºª", "áâãàçéêíóôõúüºª", "àèéìíîòóùú", "åäöé", "æøåéäö", "ëïéèöüó",
        "áðéíóúýþæö", "çñàéèíòóúïü·",
    ].map(Alphabet.init(latin:))
    static let central = ["áčďéěíňóřšťúůýž", "ąćęłńóśźż", "áéíóöőúüű", "áäčďéíľňóôšťúýž", "čćđšž", "ăâîşţșț"]
        .map(Alphabet.init(latin:))
    static let turkish = [Alphabet(latin: "çğıİöşüâî")]
    static let baltic = ["āčēģīķļņšūž", "ąčęėįšųūž", "äöõüšž"].map(Alphabet.init(latin:))

    /// Every encoding that is tried, with what may be written in it. Of encodings that give the same text the
    /// first is named.
    static let tables: [(encoding: TextEncoding, alphabets: [Alphabet])] = [
        ("windows-1256", [arabic]), ("iso-8859-6", [arabic]),
        ("windows-1252", western), ("iso-8859-15", western), ("macintosh", western), ("ibm850", western),
        ("windows-1250", central), ("iso-8859-2", central), ("ibm852", central),
        ("windows-1254", turkish), ("windows-1257", baltic),
        ("windows-1251", [cyrillic]), ("koi8-r", [cyrillic]), ("koi8-u", [cyrillic]),
        ("iso-8859-5", [cyrillic]), ("ibm866", [cyrillic]),
        ("windows-1253", [greek]), ("iso-8859-7", [greek]),
        ("windows-1255", [hebrew]), ("iso-8859-8", [hebrew]), ("windows-874", [thai]),
        ("gb18030", [chinese]), ("big5", [chinese]), ("windows-31j", [japanese]), ("euc-jp", [japanese]),
        ("euc-kr", [korean]),
    ].map { (TextEncoding($0), $1) }
}
