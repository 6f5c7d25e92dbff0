import SijillFiles
import SijillFormat
import Testing

@testable import SijillIngest

/// Contract: inbox §2 F, §5 and §6.
@Suite("When a file is complete that comes with others")
struct SettlingMatesTests {
    private let file = SettlingDesk.key("a.html")
    private let marker = SettlingDesk.key("a.html.done")
    private let sidecar = SettlingDesk.key("a.html.meta.json")
    private let pair = SettlingDesk.key("a.html.json")

    private func desk(
        marker: String? = nil, sidecar: SourceSettings.Sidecar = .optional, pairs: Bool = false
    ) -> SettlingDesk {
        var source = SourceSettings()
        source.marker = marker.map { Array($0.utf8) }
        source.sidecar = sidecar
        source.pairsPages = pairs
        return SettlingDesk(source)
    }

    /// What is handed out, with its mates and refusals.
    private func handed(_ desk: inout SettlingDesk) -> [(String, [MateKey.Kind], RejectReason?)] {
        var found: [(String, [MateKey.Kind], RejectReason?)] = []
        while let next = desk.takeReady() {
            found.append(
                (String(decoding: next.key.name, as: UTF8.self), next.mates.map(\.kind), next.refusal))
        }
        return found
    }

    @Test("A file of a source with markers waits for its marker, however long, and is whole when it comes")
    func marked() {
        var desk = desk(marker: ".done")
        desk.at(0, .closedWrite(file))
        desk.at(0, .looked(file, SettlingDesk.status()))
        desk.at(1, .due)
        desk.at(1, .looked(file, SettlingDesk.status()))
        desk.at(86_400, .due)
        #expect(handed(&desk).isEmpty)
        desk.at(86_401, .movedIn(marker))
        let found = handed(&desk)
        #expect(found.map(\.0) == ["a.html"] && found[0].1 == [.marker])
    }

    @Test("A marker that came first is kept for its file, and a file under it need not settle")
    func markerFirst() {
        var desk = desk(marker: ".done")
        desk.at(0, .movedIn(marker))
        #expect(handed(&desk).isEmpty)
        desk.at(5, .movedIn(file))
        #expect(handed(&desk).map(\.0) == ["a.html"])
    }

    @Test("A sidecar that is there goes with its file, whichever came first")
    func optionalSidecar() {
        for sidecarFirst in [true, false] {
            var desk = desk()
            desk.at(0, .movedIn(sidecarFirst ? sidecar : file))
            if sidecarFirst { #expect(handed(&desk).isEmpty) }
            desk.at(0.1, .movedIn(sidecarFirst ? file : sidecar))
            let found = handed(&desk)
            #expect(found.map(\.0) == ["a.html"] && found[0].1 == [.sidecar] && found[0].2 == nil)
        }
    }

    @Test("A sidecar without its file is an orphan after thirty seconds, and not before")
    func orphan() {
        var desk = desk()
        desk.at(0, .movedIn(sidecar))
        desk.at(29.9, .due)
        #expect(handed(&desk).isEmpty)
        #expect(desk.due == 30)
        desk.at(30, .due)
        let found = handed(&desk)
        #expect(found.map(\.0) == ["a.html.meta.json"] && found[0].2 == .orphanSidecar)
    }

    @Test(
        "Where sidecars are required a file without one is refused after thirty seconds, and taken when it comes"
    )
    func requiredSidecar() {
        var late = desk(sidecar: .required)
        late.at(0, .movedIn(file))
        late.at(29.9, .due)
        #expect(handed(&late).isEmpty)
        late.at(30, .due)
        #expect(handed(&late).map(\.2) == [.missingSidecar])
        var inTime = desk(sidecar: .required)
        inTime.at(0, .movedIn(file))
        inTime.at(29, .movedIn(sidecar))
        let found = handed(&inTime)
        #expect(found.map(\.0) == ["a.html"] && found[0].1 == [.sidecar] && found[0].2 == nil)
    }

    @Test(
        "A page waits thirty seconds for what its crawler made of it, where pages come in pairs, then goes alone"
    )
    func pairs() {
        var together = desk(pairs: true)
        together.at(0, .movedIn(file))
        #expect(handed(&together).isEmpty)
        together.at(10, .movedIn(pair))
        let found = handed(&together)
        #expect(found.map(\.0) == ["a.html"] && found[0].1 == [.pair])
        var alone = desk(pairs: true)
        alone.at(0, .movedIn(file))
        alone.at(30, .due)
        #expect(handed(&alone).map(\.0) == ["a.html"])
        var mateAlone = desk(pairs: true)
        mateAlone.at(0, .movedIn(pair))
        mateAlone.at(29.9, .due)
        #expect(handed(&mateAlone).isEmpty)
        mateAlone.at(30, .due)
        #expect(handed(&mateAlone).map(\.0) == ["a.html.json"])
    }

    @Test("A file does not go before its sidecar is whole")
    func sidecarStillWritten() {
        var desk = desk()
        desk.at(0, .created(sidecar))
        desk.at(0.2, .movedIn(file))
        #expect(handed(&desk).isEmpty)
        desk.at(3, .closedWrite(sidecar))
        desk.at(3, .looked(sidecar, SettlingDesk.status(inode: 2)))
        desk.at(4, .due)
        desk.at(4, .looked(sidecar, SettlingDesk.status(inode: 2)))
        let found = handed(&desk)
        #expect(found.map(\.0) == ["a.html"] && found[0].1 == [.sidecar])
    }

    @Test("A file whose mate went while it was read is handed out again, with what is there then")
    func mateVanished() {
        var desk = desk()
        desk.at(0, .movedIn(sidecar))
        desk.at(0, .movedIn(file))
        #expect(handed(&desk).map(\.1) == [[.sidecar]])
        desk.at(1, .movedFrom(sidecar))
        #expect(desk.at(1, .intake(file, .mateVanished)).contains(.look(sidecar)))
        desk.at(1, .looked(sidecar, nil))
        desk.at(2, .due)
        desk.at(2, .looked(file, SettlingDesk.status()))
        desk.at(3, .due)
        desk.at(3, .looked(file, SettlingDesk.status()))
        #expect(handed(&desk).map(\.1) == [[]])
    }
}
