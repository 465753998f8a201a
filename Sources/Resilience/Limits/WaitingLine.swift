internal import Base

/// Who waits, in the order of arrival within a priority. Places are slots that are used again: entering and leaving
/// are O(1) at any position, and memory grows with the most that ever waited at once.
struct WaitingLine: Sendable {
    private struct Slot {
        var end: Instant
        var next: Int32
        var previous: Int32
        var generation: UInt32
        var priority: RunContext.Priority
        var isTaken: Bool
    }

    private struct Lane {
        var head: Int32 = -1
        var tail: Int32 = -1
        var count = 0
    }

    private var slots: [Slot] = []
    private var interactive = Lane()
    private var bulk = Lane()
    private var free: Int32 = -1

    var count: Int { interactive.count + bulk.count }

    func count(_ priority: RunContext.Priority) -> Int { lane(priority).count }

    private func lane(_ priority: RunContext.Priority) -> Lane { priority == .bulk ? bulk : interactive }

    private mutating func change(_ priority: RunContext.Priority, _ body: (inout Lane) -> Void) {
        if priority == .bulk { body(&bulk) } else { body(&interactive) }
    }

    mutating func append(_ priority: RunContext.Priority, end: Instant) -> Bulkhead.Place {
        let last = lane(priority).tail
        var index = free
        if index >= 0 {
            free = slots[Int(index)].next
            slots[Int(index)].end = end
            slots[Int(index)].next = -1
            slots[Int(index)].previous = last
            slots[Int(index)].priority = priority
            slots[Int(index)].isTaken = true
        } else {
            index = Int32(slots.count)
            slots.append(
                Slot(end: end, next: -1, previous: last, generation: 0, priority: priority, isTaken: true))
        }
        if last >= 0 { slots[Int(last)].next = index }
        change(priority) { lane in
            if lane.head < 0 { lane.head = index }
            lane.tail = index
            lane.count += 1
        }
        return Bulkhead.Place(slot: index, generation: slots[Int(index)].generation)
    }

    /// Whether somebody was there. A place of an earlier generation is somebody else's.
    mutating func remove(_ place: Bulkhead.Place) -> Bool {
        guard place.slot >= 0, Int(place.slot) < slots.count else { return false }
        let slot = slots[Int(place.slot)]
        guard slot.isTaken, slot.generation == place.generation else { return false }
        if slot.previous >= 0 { slots[Int(slot.previous)].next = slot.next }
        if slot.next >= 0 { slots[Int(slot.next)].previous = slot.previous }
        change(slot.priority) { lane in
            if lane.head == place.slot { lane.head = slot.next }
            if lane.tail == place.slot { lane.tail = slot.previous }
            lane.count -= 1
        }
        slots[Int(place.slot)].isTaken = false
        slots[Int(place.slot)].generation &+= 1
        slots[Int(place.slot)].next = free
        free = place.slot
        return true
    }

    func first(_ priority: RunContext.Priority) -> (place: Bulkhead.Place, end: Instant)? {
        entry(lane(priority).head)
    }

    func last(_ priority: RunContext.Priority) -> (place: Bulkhead.Place, end: Instant)? {
        entry(lane(priority).tail)
    }

    private func entry(_ index: Int32) -> (place: Bulkhead.Place, end: Instant)? {
        guard index >= 0 else { return nil }
        let slot = slots[Int(index)]
        return (Bulkhead.Place(slot: index, generation: slot.generation), slot.end)
    }

    /// From the first to the last.
    func forEach(_ priority: RunContext.Priority, _ body: (Bulkhead.Place, Instant) -> Void) {
        var index = lane(priority).head
        while index >= 0 {
            let slot = slots[Int(index)]
            body(Bulkhead.Place(slot: index, generation: slot.generation), slot.end)
            index = slot.next
        }
    }
}
