import SijillArticles
import SijillFiles
import SijillFormat
import SijillIngest
import Yams

/// What can be said of one source, under `sources.<name>`.
enum SourceKey: String, CaseIterable {
    case encoding, marker, sidecar, pair
}

extension Walk {
    /// `sources:` with a section for each source; `default` is what lies in the inbox itself.
    mutating func readSources(_ node: Node) throws(SijillError) {
        for (nameNode, section) in try entries(of: node, "sources") {
            guard case .scalar(let scalar) = nameNode, !scalar.string.isEmpty,
                !scalar.string.contains("/"), scalar.string.utf8.count <= Limits.nameBytesMax
            else {
                throw error(
                    nameNode, "a source has to be the name of a folder in the inbox",
                    remedy: "write its name, or default for the inbox itself")
            }
            let name = scalar.string
            var settings = SourceSettings()
            if !section.isNothing {
                for (keyNode, value) in try entries(of: section, "sources.\(name)") {
                    try set(keyNode, value, of: name, in: &settings)
                }
            }
            sources[name] = settings
        }
    }

    private func entries(of node: Node, _ name: String) throws(SijillError) -> [(Node, Node)] {
        guard case .mapping(let mapping) = node else {
            throw error(
                node, "'\(name.escapedForDisplay)' has to be a section",
                remedy: "write keys and values below it")
        }
        return mapping.map { ($0.key, $0.value) }
    }

    private func set(
        _ keyNode: Node, _ value: Node, of source: String, in settings: inout SourceSettings
    ) throws(SijillError) {
        guard case .scalar(let scalar) = keyNode else {
            throw error(keyNode, "a key has to be a word", remedy: "write key: value")
        }
        guard let key = SourceKey(rawValue: scalar.string) else {
            throw unknown(scalar.string, under: ["sources", source], at: keyNode)
        }
        guard case .scalar(let given) = value, !value.isNothing else {
            throw error(
                value, "'sources.\(source.escapedForDisplay).\(key.rawValue)' takes one value",
                remedy: "write \(key.rawValue): VALUE")
        }
        do throws(InvalidValue) {
            try settings.set(key, to: given.string)
        } catch let invalid {
            throw error(
                value,
                "'\(invalid.text.escapedForDisplay)' is no value of 'sources.\(source.escapedForDisplay).\(key.rawValue)'",
                remedy: "write \(invalid.expected)")
        }
    }
}

extension SourceSettings {
    fileprivate mutating func set(_ key: SourceKey, to text: String) throws(InvalidValue) {
        switch key {
        case .encoding:
            guard InputHints.isKnown(encoding: text) else {
                throw InvalidValue(text, expected: "the name of an encoding, such as windows-1256")
            }
            encoding = text
        case .marker:
            let bytes = Array(text.utf8)
            // What is ignored would never be seen; a point keeps it apart from the name.
            guard bytes.first == UInt8(ascii: "."), (2...32).contains(bytes.count), !bytes.contains(0),
                !text.contains("/"), !IgnoredNames.isIgnored(file: Array("x".utf8) + bytes),
                text != ".json", text != ".meta.json"
            else {
                throw InvalidValue(
                    text, expected: "an ending with a point that is not left alone, such as .ok or .done")
            }
            marker = bytes
        case .sidecar:
            guard let sidecar = Sidecar(rawValue: text) else {
                throw InvalidValue(text, expected: "optional or required")
            }
            self.sidecar = sidecar
        case .pair:
            guard text == "html" || text == "none" else {
                throw InvalidValue(text, expected: "html or none")
            }
            pairsPages = text == "html"
        }
    }
}
