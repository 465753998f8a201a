internal import Base

/// A binary heap of timers, earliest first, ties in the order of insertion. Cancelling is lazy: O(1) now, the
/// entry leaves the heap when its time comes or when dead entries outnumber the live ones.
struct TimerQueue<Payload> {
    /// A serial is never given twice, so that the slot of a timer that is over tells nobody wrong.
    struct ID: Hashable {
        fileprivate var slot: Int
        fileprivate var serial: UInt64
    }

    private struct Entry {
        var time: Instant
        var id: ID

        static func < (left: Entry, right: Entry) -> Bool {
            left.time == right.time ? left.id.serial < right.id.serial : left.time < right.time
        }
    }

    private struct Slot {
        var serial: UInt64
        /// `nil` once the timer is over; the next one may take the slot then.
        var payload: Payload?

        func holds(_ id: ID) -> Bool { serial == id.serial && payload != nil }
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var lastSerial: UInt64 = 0

    /// The live timers.
    var count: Int { slots.count - free.count }
    /// Live and dead entries: what memory it takes.
    var entryCount: Int { heap.count }

    private func isLive(_ id: ID) -> Bool { slots[id.slot].holds(id) }

    /// The earliest live time. Drops dead entries from the top. Amortised O(log n).
    mutating func nextTime() -> Instant? {
        while let top = heap.first, !isLive(top.id) { removeTop() }
        return heap.first?.time
    }

    mutating func insert(_ payload: Payload, at time: Instant) -> ID {
        if heap.count > 64, heap.count > count * 2 { compact() }
        lastSerial &+= 1
        let slot = Slot(serial: lastSerial, payload: payload)
        let place: Int
        if let last = free.popLast() {
            place = last
            slots[place] = slot
        } else {
            place = slots.count
            slots.append(slot)
        }
        let id = ID(slot: place, serial: lastSerial)
        heap.append(Entry(time: time, id: id))
        siftUp(heap.count - 1)
        return id
    }

    /// Returns the payload, or `nil` when the timer has fired or was cancelled before.
    @discardableResult
    mutating func cancel(_ id: ID) -> Payload? {
        guard isLive(id) else { return nil }
        free.append(id.slot)
        return slots[id.slot].payload.take()
    }

    /// The next payload whose time has come; `nil` when there is none.
    mutating func popExpired(at now: Instant) -> Payload? {
        while let top = heap.first, top.time <= now {
            removeTop()
            if let payload = cancel(top.id) { return payload }
        }
        return nil
    }

    private mutating func removeTop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        siftDown(0)
    }

    private mutating func compact() {
        heap.removeAll { [slots] in !slots[$0.id.slot].holds($0.id) }
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
