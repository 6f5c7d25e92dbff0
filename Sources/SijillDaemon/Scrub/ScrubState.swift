import SijillFiles
import SijillFormat
import SijillLog

/// What the scrub knows from one run of the daemon to the next: `<data>/scrub`, one line of JSON.
///
/// A view like the store: one that is missing, damaged or of another log is begun anew, and the worst is that a pass
/// reads again what it had read.
struct ScrubState: Hashable, Sendable {
    let log: LogID
    /// When the present pass began, or else the last one.
    var began: Timestamp?
    /// When the last whole pass ended.
    var finished: Timestamp?
    /// A pass is under way.
    var isUnderWay = false
    /// Behind the last change that it read; nil at the beginning of the log.
    var place: LogPosition?
    /// What is wrong as far as is known: of each change what was seen when it was read last.
    var findings: [LogScrub.Finding] = []

    /// More are logged and not kept.
    static let findingsMax = 1_000

    init(log: LogID) { self.log = log }

    /// Changes were read and these findings made; what was known of them before is forgotten.
    mutating func read(_ sequences: ClosedRange<SequenceNumber>, _ found: [LogScrub.Finding]) {
        guard !findings.isEmpty || !found.isEmpty else { return }
        findings.removeAll { sequences.contains($0.sequence) }
        findings += found.prefix(Self.findingsMax - min(findings.count, Self.findingsMax))
    }

    // MARK: The file

    /// The state of this log in `directory`; a new one when there is none.
    static func load(_ directory: DataDirectory, log: LogID) -> ScrubState {
        let fresh = ScrubState(log: log)
        guard let bytes = try? File.contents(directory.scrub), let value = try? JSONParser.parse(bytes),
            value["log"]?.text == log.description
        else { return fresh }
        var state = fresh
        state.began = time(value["began"])
        state.finished = time(value["finished"])
        state.isUnderWay = value["under_way"] == .bool(true)
        state.place = value["place"].flatMap(LogPosition.init)
        if case .array(let elements) = value["damage"] {
            state.findings = elements.compactMap(LogScrub.Finding.init).prefix(findingsMax).map { $0 }
        }
        return state
    }

    /// Writes it, durable.
    func save(_ directory: DataDirectory) throws(SystemError) {
        let members = [
            JSONMember("log", log.description),
            JSONMember("began", began?.rfc3339), JSONMember("finished", finished?.rfc3339),
            JSONMember(name: "under_way", value: .bool(isUnderWay)),
            JSONMember(name: "place", value: place?.json ?? .null),
            JSONMember(name: "damage", value: .array(findings.map(\.json))),
        ]
        try Durable.replace(directory.scrub, Array((JSONValue.object(members).line + "\n").utf8))
    }

    private static func time(_ value: JSONValue?) -> Timestamp? {
        value?.text.flatMap { Timestamp(rfc3339: $0) }
    }
}

extension LogPosition {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("segment", segment.value), JSONMember("offset", offset),
            JSONMember("sequence", sequence.value), JSONMember("time", time.rfc3339),
            JSONMember("originals_offset", originalsOffset),
        ])
    }

    fileprivate init?(_ value: JSONValue) {
        guard let segment = value["segment"]?.whole, segment > 0, let offset = value["offset"]?.whole,
            let sequence = value["sequence"]?.whole, sequence + 1 >= segment,
            let time = value["time"]?.text.flatMap({ Timestamp(rfc3339: $0) }),
            let originalsOffset = value["originals_offset"]?.whole
        else { return nil }
        self.init(startOf: SequenceNumber(segment), time: time)
        self.offset = offset
        self.sequence = SequenceNumber(sequence)
        self.originalsOffset = originalsOffset
    }
}

extension LogScrub.Finding {
    fileprivate var json: JSONValue {
        .object([
            JSONMember("sequence", sequence.value), JSONMember("path", path), JSONMember("offset", offset),
            JSONMember("message", message),
        ])
    }

    fileprivate init?(_ value: JSONValue) {
        guard let sequence = value["sequence"]?.whole, let path = value["path"]?.text,
            let offset = value["offset"]?.whole, let message = value["message"]?.text
        else { return nil }
        self.init(sequence: SequenceNumber(sequence), path: path, offset: offset, message: message)
    }
}

extension JSONValue {
    fileprivate var whole: UInt64? {
        guard case .number(let literal) = self else { return nil }
        return UInt64(literal)
    }
}
