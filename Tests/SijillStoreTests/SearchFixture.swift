import SijillFormat
import SijillTesting

@testable import SijillStore

/// A store of texts that a test writes, and its index.
final class SearchFixture {
    let directory: TemporaryDirectory
    let path: String
    private(set) var store: Store
    private(set) var history: History

    init(seed: UInt64 = 71) throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/sijill.sqlite"
        history = History(seed: seed)
        store = try Store(path: path, log: history.log)
    }

    /// Adds an article and gives its sequence; it is not indexed yet.
    @discardableResult
    func add(
        _ text: String, title: String? = nil, publisher: String? = nil, lang: String? = nil
    ) throws -> UInt64 {
        var content = Content()
        content.title = title
        content.publisher = publisher
        content.lang = lang
        content.text = Array(text.utf8)
        let change = history.add(content)
        try store.apply([change])
        return change.sequence.value
    }

    /// Indexes all there is.
    func index() throws {
        while try store.indexTexts(for: .milliseconds(10)).isBehind {}
    }

    func reopen() throws {
        try store.close()
        store = try Store(path: path, log: history.log)
    }

    func request(_ query: String) throws -> SearchRequest { SearchRequest(try SearchQuery(query)) }

    func search(_ query: String) throws -> SearchPage { try store.search(request(query)) }

    /// Sequences of what is found.
    func found(_ query: String) throws -> [UInt64] { try search(query).hits.map(\.cursor.sequence.value) }
}

extension [SearchFragment] {
    /// Marks as brackets.
    var bracketed: String { map { $0.isMarked ? "[\($0.text)]" : $0.text }.joined() }
}
