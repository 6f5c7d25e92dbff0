import SijillFormat

/// Charts as SVG, without a program. The first value stands at the start of the line of writing: a style rule mirrors
/// them where that is the right.
enum Chart {
    /// Bars of one row of values, the largest as high as the chart.
    ///
    /// - Parameter label: What the chart says, for those who do not see it.
    /// - Parameter live: Attributes for the program that goes on with the chart; the bars then say what they count.
    static func bars(
        _ values: [Int], label: String, live: [Attribute]? = nil, titles: [String]? = nil
    ) -> HTML {
        let most = max(1, values.max() ?? 1)
        let bars = values.enumerated().map { position, value in
            let height = value == 0 ? 0 : max(1, value * 32 / most)
            return tag(
                .rect, Attribute(.x, position * 4), Attribute(.y, 32 - height), Attribute(.width, 3),
                Attribute(.height, height), live == nil ? nil : .data("count", "\(value)")
            ) {
                if let titles { tag(.title) { "\(titles[position]): \(Pieces.number(value))" } }
            }
        }
        let frame = [
            Attribute(.class, "chart"), Attribute(.role, "img"), Attribute(.ariaLabel, label),
            Attribute(.viewBox, "0 0 \(values.count * 4) 32"), Attribute(.preserveAspectRatio, "none"),
            Attribute(.focusable, "false"),
        ]
        return .element(.svg, frame + (live ?? []), .joined(bars))
    }

    /// Bars of several parts each, the parts of a bar one on the other.
    static func stacked(_ bars: [[Int]], titles: [String], label: String) -> HTML {
        let most = max(1, bars.map { $0.reduce(0, +) }.max() ?? 1)
        return tag(
            .svg, Attribute(.class, "chart stacked"), Attribute(.role, "img"), Attribute(.ariaLabel, label),
            Attribute(.viewBox, "0 0 \(bars.count * 8) 160"), Attribute(.preserveAspectRatio, "none"),
            Attribute(.focusable, "false")
        ) {
            for (position, parts) in bars.enumerated() {
                tag(.g) {
                    tag(.title) { titles[position] }
                    stack(parts, at: position * 8, most: most)
                }
            }
        }
    }

    private static func stack(_ parts: [Int], at x: Int, most: Int) -> HTML {
        var below = 0
        var pieces: [HTML] = []
        for (series, value) in parts.enumerated() {
            let (low, high) = (below * 160 / most, (below + value) * 160 / most)
            below += value
            guard high > low else { continue }
            pieces.append(
                tag(
                    .rect, Attribute(.class, "series\(series)"), Attribute(.x, x), Attribute(.y, 160 - high),
                    Attribute(.width, 7), Attribute(.height, high - low)))
        }
        return .joined(pieces)
    }
}
