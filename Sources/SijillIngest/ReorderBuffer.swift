/// Puts what was read side by side back into the order of its tickets.
struct ReorderBuffer<Element: Sendable>: Sendable {
    private var waiting: [UInt64: [Element]] = [:]
    /// The ticket whose turn it is.
    private(set) var next: UInt64 = 0

    /// Notes what came of a ticket (nothing, for one that is not waited for) and returns what may go on now.
    mutating func add(_ elements: [Element], ticket: UInt64) -> [Element] {
        precondition(ticket >= next && waiting[ticket] == nil, "a ticket is answered once")
        waiting[ticket] = elements
        var released: [Element] = []
        while let elements = waiting.removeValue(forKey: next) {
            released += elements
            next += 1
        }
        return released
    }
}
