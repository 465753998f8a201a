/// What is to happen when, in a simulation: the earliest first, of the same time in the order of coming.
struct TimeQueue<Time: Comparable, Event> {
    private var heap: [(time: Time, number: Int, event: Event)] = []
    private var added = 0

    mutating func add(_ event: Event, at time: Time) {
        heap.append((time, added, event))
        added += 1
        var place = heap.count - 1
        while place > 0, isBefore(place, (place - 1) / 2) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func next() -> (time: Time, event: Event)? {
        guard let first = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var place = 0
        while true {
            let children = [2 * place + 1, 2 * place + 2].filter { $0 < heap.count }
            guard let least = children.min(by: { isBefore($0, $1) }), isBefore(least, place) else { break }
            heap.swapAt(least, place)
            place = least
        }
        return (first.time, first.event)
    }

    private func isBefore(_ one: Int, _ other: Int) -> Bool {
        (heap[one].time, heap[one].number) < (heap[other].time, heap[other].number)
    }
}
