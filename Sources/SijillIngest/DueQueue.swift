/// Keys with the moment at which each is due, earliest first: a binary heap. O(log n) to add and to take.
struct DueQueue<Key: Sendable>: Sendable {
    struct Item: Sendable {
        let due: Instant
        let key: Key
    }

    private var heap: [Item] = []

    var earliest: Instant? { heap.first?.due }
    var count: Int { heap.count }

    mutating func add(_ key: Key, due: Instant) {
        heap.append(Item(due: due, key: key))
        var child = heap.count - 1
        while child > 0, heap[child].due < heap[(child - 1) / 2].due {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// The earliest item, when it is due.
    mutating func take(dueAt now: Instant) -> Item? {
        guard let first = heap.first, first.due <= now else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            siftDown()
        }
        return first
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < heap.count && heap[child].due < heap[smallest].due {
                smallest = child
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
