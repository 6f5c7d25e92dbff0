import SijillArticles
import SijillFiles

/// How one source delivers, as it is configured.
package struct SourceSettings: Hashable, Sendable {
    package enum Sidecar: String, CaseIterable, Hashable, Sendable {
        /// One that is there is used.
        case optional
        /// A file without one, and one without its file, is rejected after `SettlingTimes.mateWait`.
        case required
    }

    /// What a file's marker has behind the file's name (class F); nil when files come without markers.
    package var marker: NameBytes?
    package var sidecar = Sidecar.optional
    /// Pages come with a `<page>.html.json`, and wait `SettlingTimes.mateWait` for it.
    package var pairsPages = false
    /// The encoding of what tells none by itself.
    package var encoding: String?

    package init() {}
}

/// The settings of all sources.
package struct SourceRules: Hashable, Sendable {
    package var named: [String: SourceSettings]

    package init(_ named: [String: SourceSettings] = [:]) { self.named = named }

    /// Of that source; the defaults for one that is not configured.
    package subscript(source: String) -> SourceSettings { named[source] ?? SourceSettings() }
}

/// What a name is in its source: an input, or something that comes with one.
enum NameRole: Hashable {
    case input
    case marker(of: NameBytes)
    case sidecar(of: NameBytes)
    /// `<page>.html.json`; without its page it is an input of its own.
    case pairMate(of: NameBytes)

    static let sidecarEnding = Array(".meta.json".utf8)
    static let pairEnding = Array(".json".utf8)

    init(_ name: NameBytes, in source: SourceSettings) {
        func base(_ ending: [UInt8]) -> NameBytes? {
            name.count > ending.count && name.ends(with: ending) ? Array(name.dropLast(ending.count)) : nil
        }
        if let marker = source.marker, let base = base(marker) {
            self = .marker(of: base)
        } else if let base = base(NameRole.sidecarEnding) {
            self = .sidecar(of: base)
        } else if let base = base(NameRole.pairEnding), ArticleFormat(fileName: base) == .html {
            self = .pairMate(of: base)
        } else {
            self = .input
        }
    }

    /// The input that it belongs to.
    var base: NameBytes? {
        switch self {
        case .input: nil
        case .marker(let base), .sidecar(let base), .pairMate(let base): base
        }
    }

    var isMarker: Bool { if case .marker = self { true } else { false } }
}

/// A file that is handed out with another.
package struct MateKey: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case marker, sidecar, pair }

    package let key: FileKey
    package let kind: Kind

    package init(key: FileKey, kind: Kind) {
        self.key = key
        self.kind = kind
    }
}
