import Testing

@testable import SijillDaemon

@Suite struct IndexerPaceTests {
    private let start = ContinuousClock.now

    private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

    @Test("Without a batch the indexer works until nothing is left, adding and merging in turn")
    func idle() {
        var pace = IndexerPace()
        guard case .index = pace.next(at: at(0)) else { return #expect(Bool(false), "it adds first") }
        pace.indexed(isBehind: true, took: .milliseconds(15), at: at(15))
        guard case .merge = pace.next(at: at(15)) else { return #expect(Bool(false), "then it merges") }
        pace.merged(more: false, took: .milliseconds(1), at: at(16))
        guard case .index = pace.next(at: at(16)) else { return #expect(Bool(false), "and adds again") }
        pace.indexed(isBehind: false, took: .milliseconds(15), at: at(31))
        guard case .merge = pace.next(at: at(31)) else {
            return #expect(Bool(false), "and merges what is left")
        }
        pace.merged(more: false, took: .zero, at: at(32))
        #expect(pace.next(at: at(32)) == .checkpoint)
        pace.moved(at: at(33))
        #expect(pace.next(at: at(33)) == .rest)
    }

    @Test("What was written is moved into the file behind 0.4 s of work, even while much is left")
    func moves() {
        var pace = IndexerPace()
        var moved: [Int] = []
        for step in 1...12 {
            switch pace.next(at: at(step)) {
            case .index: pace.indexed(isBehind: true, took: .milliseconds(250), at: at(step))
            case .merge: pace.merged(more: true, took: .milliseconds(125), at: at(step))
            case .checkpoint:
                moved.append(step)
                pace.moved(at: at(step))
            case .wait, .rest: #expect(Bool(false), "nothing holds it up")
            }
        }
        #expect(moved == [4, 8, 12])
    }

    @Test("A batch makes it wait until the ledger is quiet")
    func waits() {
        var pace = IndexerPace()
        pace.batch(at: at(0))
        #expect(pace.next(at: at(10)) == .wait(.milliseconds(90)))
        pace.batch(at: at(50))
        #expect(pace.next(at: at(100)) == .wait(.milliseconds(50)))
        #expect(pace.next(at: at(150)) == .index(IndexerPace.indexTime))
    }

    @Test("While batches follow each other without end it still gets a turn, and not more than that")
    func turns() {
        var pace = IndexerPace()
        pace.batch(at: at(0))
        #expect(pace.next(at: at(100)) == .index(IndexerPace.indexTime))
        pace.indexed(isBehind: true, took: .milliseconds(15), at: at(115))
        var turns = 0
        for moment in stride(from: 120, to: 10_120, by: 20) {
            pace.batch(at: at(moment))
            switch pace.next(at: at(moment)) {
            case .wait(let duration):
                #expect(duration > .zero && duration <= IndexerPace.quiet)
            case .index:
                turns += 1
                pace.indexed(isBehind: true, took: .milliseconds(15), at: at(moment))
            case .merge:
                turns += 1
                pace.merged(more: true, took: .milliseconds(15), at: at(moment))
            case .checkpoint:
                turns += 1
                pace.moved(at: at(moment))
            case .rest:
                #expect(Bool(false), "there is something to do")
            }
        }
        #expect((15...20).contains(turns))
    }

    @Test("Steps of merging become shorter when they take too long, and longer again when there is room")
    func adapts() {
        var pace = IndexerPace()
        let first = pace.mergePages
        pace.merged(more: true, took: .milliseconds(15), at: at(0))
        #expect(pace.mergePages == first, "one that was held up changes nothing")
        for _ in 0..<60 { pace.merged(more: true, took: .milliseconds(90), at: at(0)) }
        #expect(pace.mergePages < first)
        for _ in 0..<120 { pace.merged(more: true, took: .milliseconds(5), at: at(0)) }
        #expect(pace.mergePages > first)
    }
}
