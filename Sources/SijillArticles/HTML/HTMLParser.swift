import CLibXML2
import SijillFormat

/// Builds the tree of a page with the HTML parser of libxml2, which mends what is broken.
///
/// Nothing is fetched, and only the entities that HTML itself knows are replaced. libxml2's own tree is not
/// made: its events are enough, and elements and depth are counted while they come.
struct HTMLParser {
    /// - Parameter utf8: valid UTF-8, without NUL.
    /// - Throws: `too-deep` and `too-large` when a limit is passed.
    static func parse(_ utf8: ArraySlice<UInt8>, limits: InputLimits) throws(Rejection) -> HTMLTree {
        guard let context = htmlNewParserCtxt() else { throw outOfMemory }
        defer { htmlFreeParserCtxt(context) }
        let builder = HTMLTreeBuilder(limits: limits, context: context)
        builder.tree.text.reserveCapacity(utf8.count / 4)
        context.pointee.sax.pointee = handlers
        context.pointee.userData = Unmanaged.passUnretained(builder).toOpaque()
        let options =
            HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue
            | HTML_PARSE_NONET.rawValue | HTML_PARSE_IGNORE_ENC.rawValue | HTML_PARSE_NODEFDTD.rawValue
        withExtendedLifetime(builder) {
            utf8.withUnsafeBytes { raw in
                // `fileBytesMax` is below 2 GiB by far; without bytes there is no address and nothing to do.
                guard let base = raw.baseAddress, let count = Int32(exactly: raw.count) else { return }
                // No document is made, as no handler makes one: the result is always nil.
                _ = htmlCtxtReadMemory(
                    context, base.assumingMemoryBound(to: CChar.self), count, nil, "UTF-8", Int32(options))
            }
        }
        builder.finish()
        if let rejection = builder.rejection { throw rejection }
        return builder.tree
    }

    private static let outOfMemory = Rejection(
        .readError, "no memory for the HTML parser; give the daemon more, then retry")

    /// The events that are listened to. The user data is the builder, alive for the whole parse.
    private static var handlers: xmlSAXHandler {
        var handlers = xmlSAXHandler()
        handlers.startElement = { data, name, attributes in
            guard let data, let name else { return }
            HTMLTreeBuilder.from(data).begin(name, attributes)
        }
        handlers.endElement = { data, _ in
            guard let data else { return }
            HTMLTreeBuilder.from(data).end()
        }
        let characters: charactersSAXFunc = { data, bytes, count in
            guard let data, let bytes, count > 0 else { return }
            HTMLTreeBuilder.from(data).add(UnsafeBufferPointer(start: bytes, count: Int(count)))
        }
        handlers.characters = characters
        handlers.cdataBlock = characters
        handlers.ignorableWhitespace = characters
        // Without the magic number libxml2 reports no fault to `serror`.
        handlers.initialized = UInt32(XML_SAX2_MAGIC)
        handlers.serror = { data, error in
            guard let data, let error, error.pointee.code != XML_HTML_UNKNOWN_TAG.rawValue else { return }
            HTMLTreeBuilder.from(data).fault()
        }
        return handlers
    }
}

/// Takes the parser's events.
private final class HTMLTreeBuilder {
    var tree = HTMLTree()
    private(set) var rejection: Rejection?
    private let limits: InputLimits
    private let context: htmlParserCtxtPtr
    private var open: [Int32] = []
    /// How many of the open elements hide their text.
    private var hiddenDepth = 0
    private var faultCount = 0
    private enum Sink { case none, linkedData, title }
    private var sink = Sink.none

    /// Of names that were met: pages repeat them.
    private var known: [String: ElementHints] = [:]

    init(limits: InputLimits, context: htmlParserCtxtPtr) {
        self.limits = limits
        self.context = context
    }

    static func from(_ data: UnsafeMutableRawPointer) -> HTMLTreeBuilder {
        Unmanaged<HTMLTreeBuilder>.fromOpaque(data).takeUnretainedValue()
    }

    func begin(_ name: UnsafePointer<UInt8>, _ list: UnsafeMutablePointer<UnsafePointer<UInt8>?>?) {
        guard rejection == nil else { return }
        guard open.count < limits.htmlDepthMax else {
            return stop(
                Rejection(
                    .tooDeep, "over \(limits.htmlDepthMax) elements inside each other; flatten the page"))
        }
        guard tree.nodes.count < limits.htmlElementsMax else {
            return stop(
                Rejection(
                    .tooLarge, "over \(limits.htmlElementsMax) elements in the page; split it"))
        }
        let tag = HTMLTag(name)
        let attributes = HTMLAttributes(list)
        let start = Int32(tree.text.count)
        tree.nodes.append(
            HTMLTree.Node(
                tag: tag, hints: ElementHints(tag, attributes, names: hints(of:)), parent: open.last ?? -1,
                end: 0,
                textStart: start, textEnd: start))
        open.append(Int32(tree.nodes.count - 1))
        if tag.hidesText { hiddenDepth += 1 }
        state(tag, attributes)
    }

    func end() {
        guard let last = open.popLast() else { return }
        close(Int(last))
        if tree.nodes[Int(last)].tag.hidesText { hiddenDepth -= 1 }
        sink = .none
    }

    func add(_ bytes: UnsafeBufferPointer<UInt8>) {
        switch sink {
        case .linkedData: tree.statements.linkedData[tree.statements.linkedData.count - 1] += bytes
        case .title: tree.statements.title += bytes
        case .none: if hiddenDepth == 0 { tree.text += bytes }
        }
    }

    private func hints(of names: String) -> ElementHints {
        if let hints = known[names] { return hints }
        let hints = ElementHints(names: names)
        known[names] = hints
        return hints
    }

    /// A fault was mended. Some cost libxml2 a look at all open elements, so there is a limit.
    func fault() {
        faultCount += 1
        guard rejection == nil, faultCount > limits.htmlFaultsMax else { return }
        stop(
            Rejection(.tooLarge, "over \(limits.htmlFaultsMax) faults in the page's markup; write it anew"))
    }

    /// Elements that are still open where the page ends are whole: HTML has no end.
    func finish() {
        while !open.isEmpty { end() }
    }

    private func close(_ node: Int) {
        tree.nodes[node].end = Int32(tree.nodes.count)
        tree.nodes[node].textEnd = Int32(tree.text.count)
    }

    private func stop(_ reason: Rejection) {
        rejection = reason
        xmlStopParser(context)
    }

    /// What the element states about the page.
    private func state(_ tag: HTMLTag, _ attributes: HTMLAttributes) {
        switch tag {
        case .html: tree.statements.language = attributes.first(["lang", "xml:lang"])
        case .title where tree.statements.title.isEmpty && tree.nodes.count < 4_096: sink = .title
        case .script:
            guard attributes.first(["type"])?.lowercased().hasPrefix("application/ld+json") == true else {
                return
            }
            tree.statements.linkedData.append([])
            sink = .linkedData
        case .meta:
            guard tree.statements.metas.count < Limits.listCountMax,
                let name = attributes.first(["property", "name", "itemprop"]),
                let content = attributes.first(["content"])
            else { return }
            tree.statements.metas.append((name.lowercased(), content))
        case .link:
            if let relation = attributes.first(["rel"]), let address = attributes.first(["href"]),
                tree.statements.links.count < Limits.listCountMax
            {
                tree.statements.links.append((relation.lowercased(), address))
            }
        case .time:
            if tree.statements.times.count < Limits.listCountMax, let time = attributes.first(["datetime"]) {
                tree.statements.times.append(time)
            }
        default: break
        }
    }
}

/// The attributes of one element, read where libxml2 has them.
struct HTMLAttributes {
    /// Names and values by turns, ended by nil.
    private let list: UnsafeMutablePointer<UnsafePointer<UInt8>?>?

    init(_ list: UnsafeMutablePointer<UnsafePointer<UInt8>?>?) { self.list = list }

    /// The value of the first of `names` that is there.
    func first(_ names: [String]) -> String? {
        var found: String?
        for name in names where found == nil {
            each { if found == nil, $0 == name { found = $1 } }
        }
        return found
    }

    /// Calls `body` with the name and value of each attribute; one without a value is "".
    func each(_ body: (String, String) -> Void) {
        guard let list else { return }
        var place = 0
        while let name = list[place] {
            body(String(cString: name), list[place + 1].map { String(cString: $0) } ?? "")
            place += 2
        }
    }

    var isEmpty: Bool { list == nil }
}
