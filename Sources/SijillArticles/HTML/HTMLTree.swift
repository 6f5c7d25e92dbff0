/// A page as a flat list of elements in the order of their beginnings, and one run of text.
///
/// The descendants of an element are the elements from the next one to before its `end`, and its text is a
/// range of `text`: so nothing that reads a tree calls itself, however deep the page.
struct HTMLTree {
    struct Node {
        let tag: HTMLTag
        var hints: ElementHints
        /// The element around it; -1 for the first.
        let parent: Int32
        /// Behind its last descendant.
        var end: Int32
        /// Where its text begins.
        let textStart: Int32
        var textEnd: Int32
    }

    /// What the page says about itself, in its order.
    struct Statements {
        /// Names in lower case of `meta`, by name, property or itemprop.
        var metas: [(name: String, content: String)] = []
        var links: [(relation: String, address: String)] = []
        /// Scripts of type application/ld+json.
        var linkedData: [[UInt8]] = []
        /// The machine-readable dates of `time` elements.
        var times: [String] = []
        var language: String?
        var title: [UInt8] = []
    }

    var nodes: [Node] = []
    var text: [UInt8] = []
    var statements = Statements()

    /// Its own and all its descendants' text, as it stands in the page.
    func textBytes(_ node: Int) -> Int { Int(nodes[node].textEnd - nodes[node].textStart) }
}
