import SijillFormat

/// The texts that were decided or compared last, so that a copy that comes soon after is compared without reading
/// the store. Bounded by bytes; the one that came first goes first.
///
/// Belongs to one queue, as the decisions do. It holds nothing that the store does not hold: an empty one gives
/// the same decisions.
package final class TextCache {
    package static let bytesMaxDefault = 32 << 20

    private let bytesMax: Int
    private(set) var bytes = 0
    private var texts: [SequenceNumber: EarlierText] = [:]
    private var order: [SequenceNumber] = []
    /// How many of `order` from its front are gone.
    private var gone = 0
    private var current: [ArticleID: SequenceNumber] = [:]

    /// Texts that were asked for, and those of them that were there. For metrics and measurements.
    package private(set) var lookUps = 0
    package private(set) var hits = 0

    package init(bytesMax: Int = TextCache.bytesMaxDefault) { self.bytesMax = bytesMax }

    /// Forgets an article that is withdrawn: nothing may be left of a text that is erased.
    package func remove(_ article: ArticleID) {
        guard let sequence = current.removeValue(forKey: article),
            let text = texts.removeValue(forKey: sequence)
        else { return }
        bytes -= text.bytes
    }

    func text(of sequence: SequenceNumber) -> EarlierText? {
        lookUps += 1
        let text = texts[sequence]
        if text != nil { hits += 1 }
        return text
    }

    /// How an article stands, where that is here.
    func standing(_ article: ArticleID) -> EarlierText? { current[article].flatMap { texts[$0] } }

    /// Keeps a text that an article stands with now; what it replaces goes.
    func insert(_ text: EarlierText) {
        let sequence = text.change.sequence
        if let before = current[text.article] {
            if before >= sequence { return }
            if let old = texts.removeValue(forKey: before) { bytes -= old.bytes }
        }
        texts[sequence] = text
        current[text.article] = sequence
        order.append(sequence)
        bytes += text.bytes
        while bytes > bytesMax, gone < order.count - 1 {
            if let old = texts.removeValue(forKey: order[gone]) {
                bytes -= old.bytes
                if current[old.article] == order[gone] { current[old.article] = nil }
            }
            gone += 1
        }
        if gone > order.count / 2 {
            order.removeFirst(gone)
            gone = 0
        }
    }
}
