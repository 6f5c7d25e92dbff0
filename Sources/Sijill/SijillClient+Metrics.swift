/// The figures that a server shows to operators, of one moment.
public struct ServerMetrics: Sendable {
    /// One figure of one family.
    public struct Sample: Sendable {
        /// Name and labels as the server writes them.
        public let id: String
        /// The family's name, with its suffix.
        public let name: String
        public let labels: [String: String]
        public let value: Double
        /// The value as the server writes it.
        public let text: String
    }

    /// In the order of the server.
    public let samples: [Sample]

    /// The value of the sample without labels of that name.
    public subscript(name: String) -> Double? { samples.first { $0.id == name }?.value }

    /// Reads Prometheus' text format; lines that are no finite sample are passed over.
    init(_ text: String) {
        samples = text.split(separator: "\n").compactMap { line in
            guard !line.hasPrefix("#"), let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...]), value.isFinite
            else { return nil }
            let id = line[..<space]
            let name = id.prefix { $0 != "{" }
            var labels: [String: String] = [:]
            for pair in id.dropFirst(name.count).dropFirst().dropLast().split(separator: ",") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { labels[String(parts[0])] = String(parts[1].dropFirst().dropLast()) }
            }
            return Sample(
                id: String(id), name: String(name), labels: labels, value: value,
                text: String(line[line.index(after: space)...]))
        }
    }
}

extension SijillClient {
    /// What the server shows to operators; nothing from a server that only serves.
    public func metrics() async throws -> ServerMetrics {
        do {
            return ServerMetrics(String(decoding: try await transport.small("/metrics"), as: UTF8.self))
        } catch let error as SijillClientError where error.code == .notFound {
            return ServerMetrics("")
        }
    }
}
