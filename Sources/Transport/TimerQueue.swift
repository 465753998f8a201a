internal import Base

/// A binary heap of timers, earliest first, ties in the order of insertion. Cancelling is lazy: O(1) now, the
/// entry leaves the heap when its time comes or when dead entries outnumber the live ones.
struct TimerQueue<Payload> {
    struct ID: Hashable {
        fileprivate var serial: UInt64
    }

    private struct Entry {
        var time: Instant
        var serial: UInt64

        static func < (left: Entry, right: Entry) -> Bool {
            left.time == right.time ? left.serial < right.serial : left.time < right.time
        }
    }

    private var heap: [Entry] = []
    private var payloads: [UInt64: Payload] = [:]
    private var lastSerial: UInt64 = 0

    /// The live timers.
    var count: Int { payloads.count }
    /// Live and dead entries: what memory it takes.
    var entryCount: Int { heap.count }

    /// The earliest live time. Drops dead entries from the top. Amortised O(log n).
    mutating func nextTime() -> Instant? {
        while let top = heap.first, payloads[top.serial] == nil { removeTop() }
        return heap.first?.time
    }

    mutating func insert(_ payload: Payload, at time: Instant) -> ID {
        if heap.count > 64, heap.count > payloads.count * 2 { compact() }
        lastSerial &+= 1
        payloads[lastSerial] = payload
        heap.append(Entry(time: time, serial: lastSerial))
        siftUp(heap.count - 1)
        return ID(serial: lastSerial)
    }

    /// Returns the payload, or `nil` when the timer has fired or was cancelled before.
    @discardableResult
    mutating func cancel(_ id: ID) -> Payload? { payloads.removeValue(forKey: id.serial) }

    /// The next payload whose time has come; `nil` when there is none.
    mutating func popExpired(at now: Instant) -> Payload? {
        while let top = heap.first, top.time <= now {
            removeTop()
            if let payload = payloads.removeValue(forKey: top.serial) { return payload }
        }
        return nil
    }

    private mutating func removeTop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(0)
    }

    private mutating func compact() {
        heap.removeAll { payloads[$0.serial] == nil }
        for index in stride(from: heap.count / 2 - 1, through: 0, by: -1) { siftDown(index) }
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var least = parent
            let (left, right) = (2 * parent + 1, 2 * parent + 2)
            if left < heap.count, heap[left] < heap[least] { least = left }
            if right < heap.count, heap[right] < heap[least] { least = right }
            guard least != parent else { return }
            heap.swapAt(parent, least)
            parent = least
        }
    }
}
