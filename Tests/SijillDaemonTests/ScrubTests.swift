import SijillFiles
import SijillFormat
import SijillLog
import SijillTesting
import Testing

@testable import SijillDaemon

@Suite("The pace and the state of the scrub")
struct ScrubTests {
    private let day: UInt64 = 86_400_000

    @Test(
        "A slow scrub reads ten seconds' worth at once, a fast one no more than 16 MiB, and never more than its rate"
    )
    func slices() {
        for rate in [1, 1_000, 256 << 10, 10 << 20, 1 << 30] {
            let pace = ScrubPace(rateBytes: rate, interval: .seconds(1))
            #expect(pace.sliceBytes <= UInt64(ScrubPace.sliceBytesMax))
            let wait = pace.wait(after: pace.sliceBytes)
            #expect(wait / .seconds(1) * Double(rate) >= Double(pace.sliceBytes))
            if rate <= 1 << 20 { #expect(wait >= ScrubPace.turn) }
        }
        #expect(ScrubPace(rateBytes: 0, interval: .seconds(1)).isOff)
    }

    @Test("An original that is larger than a slice is waited for as long as it is large")
    func large() {
        let pace = ScrubPace(rateBytes: 1 << 20, interval: .seconds(1))
        #expect(pace.wait(after: 64 << 20) == .seconds(64))
    }

    @Test(
        "The next pass begins an interval after the last began; a clock that was set back delays it by one at most"
    )
    func rest() {
        let pace = ScrubPace(rateBytes: 1, interval: .seconds(86_400))
        let began = Timestamp(milliseconds: 100 * day)
        #expect(pace.rest(since: nil, at: began) == .zero)
        #expect(pace.rest(since: began, at: Timestamp(milliseconds: 101 * day)) == .zero)
        #expect(pace.rest(since: began, at: Timestamp(milliseconds: 101 * day - 5_000)) == .seconds(5))
        #expect(pace.rest(since: began, at: began) == ScrubPace.sleepMax)
        #expect(pace.rest(since: began, at: Timestamp(milliseconds: 3 * day)) == ScrubPace.sleepMax)
    }

    private func finding(_ sequence: UInt64, _ offset: UInt64 = 7) -> LogScrub.Finding {
        LogScrub.Finding(
            sequence: SequenceNumber(sequence), path: "/data/log/وارد.ndjson", offset: offset, message: "no")
    }

    @Test("What was found is kept until the change is read again")
    func findings() {
        var state = ScrubState(log: LogID.random())
        state.read(SequenceNumber(3)...SequenceNumber(3), [finding(3), finding(3, 9)])
        state.read(SequenceNumber(4)...SequenceNumber(4), [])
        #expect(state.findings == [finding(3), finding(3, 9)])
        state.read(SequenceNumber(2)...SequenceNumber(3), [finding(2)])
        #expect(state.findings == [finding(2)])
        for sequence in 10...2_000 {
            state.read(
                SequenceNumber(UInt64(sequence))...SequenceNumber(UInt64(sequence)),
                [finding(UInt64(sequence))])
        }
        #expect(state.findings.count == ScrubState.findingsMax)
    }

    @Test("The state is read as it was written; one of another log, or damaged, is begun anew")
    func kept() throws {
        let folder = try TemporaryDirectory()
        let directory = DataDirectory(folder.path)
        var state = ScrubState(log: LogID.random())
        #expect(ScrubState.load(directory, log: state.log) == state)
        state.began = Timestamp(milliseconds: 5 * day)
        state.finished = Timestamp(milliseconds: 4 * day)
        state.isUnderWay = true
        state.place = LogPosition(startOf: SequenceNumber(12), time: Timestamp(milliseconds: day))
        state.findings = [finding(3)]
        try state.save(directory)
        #expect(ScrubState.load(directory, log: state.log) == state)
        let other = LogID.random()
        #expect(ScrubState.load(directory, log: other) == ScrubState(log: other))
        let bytes = try #require(try File.contents(directory.scrub))
        for count in stride(from: 0, to: bytes.count - 1, by: 7) {
            try Durable.replace(directory.scrub, Array(bytes.prefix(count)))
            #expect(ScrubState.load(directory, log: state.log) == ScrubState(log: state.log))
        }
    }
}
