import SijillFiles
import SijillFormat
import SijillIngest
import Yams

/// The settings that a YAML file makes, each with the place where it stands.
struct ConfigurationFile {
    struct Setting: Hashable {
        var text: String
        /// `sijilld.yaml: line 3, column 3`.
        var place: String
    }

    let settings: [ConfigurationKey: Setting]
    /// What stands under `sources`.
    let sources: SourceRules

    /// Reads `yaml`; `path` is only for messages.
    ///
    /// - Throws: `SijillError(.configuration)` for what is no YAML, an unknown key, a key that stands twice, and a
    ///   list or a section where one value belongs.
    init(yaml: String, path: String) throws(SijillError) {
        let root: Node?
        do {
            root = try Yams.compose(yaml: yaml)
        } catch {
            throw ConfigurationFile.unreadable(error, path: path)
        }
        var walk = Walk(path: path)
        if let root, !root.isNothing { try walk.section(root, under: []) }
        settings = walk.settings
        sources = SourceRules(walk.sources)
    }

    private static func unreadable(_ error: any Error, path: String) -> SijillError {
        let remedy = "correct it; config/sijilld.yaml of the distribution shows every key"
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return SijillError(
                .configuration, "\(path): line \(mark.line), column \(mark.column): not YAML: \(problem)",
                remedy: remedy)
        case .duplicatedKeysInMapping(let keys, let context):
            let mark = context.mark
            return SijillError(
                .configuration,
                "\(path): line \(mark.line), column \(mark.column): "
                    + "'\(keys.sorted().joined(separator: "', '"))' stands here twice",
                remedy: "keep one of them")
        default:
            return SijillError(.configuration, "\(path): not YAML: \(error)", remedy: remedy)
        }
    }
}

/// Goes through the sections of a file and collects their settings.
struct Walk {
    let path: String
    var settings: [ConfigurationKey: ConfigurationFile.Setting] = [:]
    var sources: [String: SourceSettings] = [:]

    mutating func section(_ node: Node, under parents: [String]) throws(SijillError) {
        guard case .mapping(let mapping) = node else {
            throw error(
                node,
                parents.isEmpty
                    ? "the file has to consist of keys" : "'\(dotted(parents))' has to be a section",
                remedy: "write keys and values, such as \(example(under: parents))")
        }
        for (keyNode, value) in mapping {
            guard case .scalar(let scalar) = keyNode else {
                throw error(keyNode, "a key has to be a word", remedy: "write key: value")
            }
            try entry(scalar.string, under: parents, at: keyNode, value)
        }
    }

    private mutating func entry(
        _ name: String, under parents: [String], at keyNode: Node, _ value: Node
    ) throws(SijillError) {
        let names = parents + [name]
        if names == ["sources"] {
            if !value.isNothing { try readSources(value) }
        } else if let key = ConfigurationKey(rawValue: dotted(names)), key.components == names {
            if case .sequence(let items) = value, key.isList, items.allSatisfy({ $0.scalar != nil }) {
                let text = items.compactMap { $0.scalar?.string }.joined(separator: ",")
                settings[key] = .init(text: text, place: place(value))
                return
            }
            guard case .scalar(let scalar) = value else {
                throw error(value, "'\(key.rawValue)' takes one value", remedy: "write \(name): VALUE")
            }
            guard !value.isNothing else {
                throw error(
                    keyNode, "'\(key.rawValue)' has no value", remedy: "give it one or take the line out")
            }
            settings[key] = .init(text: scalar.string, place: place(value))
        } else if ConfigurationKey.allCases.contains(where: { $0.components.starts(with: names) }) {
            // A section whose keys are all commented out is an empty value.
            if !value.isNothing { try section(value, under: names) }
        } else {
            throw unknown(name, under: parents, at: keyNode)
        }
    }

    func unknown(_ name: String, under parents: [String], at node: Node) -> SijillError {
        var known = Set(
            ConfigurationKey.allCases.compactMap { key in
                key.components.starts(with: parents) ? key.components.dropFirst(parents.count).first : nil
            })
        if parents.isEmpty { known.insert("sources") }
        if parents.first == "sources" { known = Set(SourceKey.allCases.map(\.rawValue)) }
        let near = known.map { (distance: editDistance(name, $0), name: $0) }
            .filter { $0.distance <= max(1, name.count / 3) }.min {
                ($0.distance, $0.name) < ($1.distance, $1.name)
            }
        return error(
            node, "unknown key '\(dotted(parents + [name]).escapedForDisplay)'",
            remedy: near.map { "did you mean '\(dotted(parents + [$0.name]))'?" }
                ?? "known here are \(known.sorted().joined(separator: ", "))")
    }

    func error(_ node: Node, _ what: String, remedy: String) -> SijillError {
        SijillError(.configuration, "\(place(node)): \(what)", remedy: remedy)
    }

    func place(_ node: Node) -> String {
        guard let mark = node.mark else { return path }
        return "\(path): line \(mark.line), column \(mark.column)"
    }

    private func example(under parents: [String]) -> String {
        let key = ConfigurationKey.allCases.first { $0.components.starts(with: parents) }
        return "\(key?.components.last ?? "key"): VALUE"
    }

    private func dotted(_ names: some Sequence<String>) -> String { names.joined(separator: ".") }
}

extension Node {
    /// `~`, `null`, or nothing at all behind the colon. Yams keeps these apart from a quoted "null" by the tag.
    var isNothing: Bool { null != nil }
}

/// Insertions, removals and replacements that turn `a` into `b` (Levenshtein 1966). O(a · b), for short names.
func editDistance(_ a: String, _ b: String) -> Int {
    let b = Array(b)
    var row = Array(0...b.count)
    for (line, left) in a.enumerated() {
        var diagonal = row[0]
        row[0] = line + 1
        for (column, right) in b.enumerated() {
            let replaced = diagonal + (left == right ? 0 : 1)
            diagonal = row[column + 1]
            row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
        }
    }
    return row[b.count]
}
