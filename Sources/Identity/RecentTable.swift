/// A table of at most `limit` entries: the one that was put longest ago makes room for a new one. All operations O(1).
struct RecentTable<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Slot: Sendable {
        var key: Key
        var value: Value
        var older: Int?
        var newer: Int?
    }

    private let limit: Int
    private var places: [Key: Int] = [:]
    private var slots: [Slot] = []
    private var oldest: Int?
    private var newest: Int?

    init(limit: Int) { self.limit = max(1, limit) }

    var count: Int { slots.count }

    /// The value of `key`.
    func value(of key: Key) -> Value? { places[key].map { slots[$0].value } }

    /// Sets the value and makes it the newest.
    mutating func put(_ key: Key, _ value: Value) {
        if let place = places[key] {
            unlink(place)
            slots[place].value = value
            link(place)
        } else if slots.count < limit {
            slots.append(Slot(key: key, value: value))
            places[key] = slots.count - 1
            link(slots.count - 1)
        } else if let place = oldest {
            unlink(place)
            places[slots[place].key] = nil
            slots[place] = Slot(key: key, value: value)
            places[key] = place
            link(place)
        }
    }

    private mutating func unlink(_ place: Int) {
        let (older, newer) = (slots[place].older, slots[place].newer)
        if let older { slots[older].newer = newer } else { oldest = newer }
        if let newer { slots[newer].older = older } else { newest = older }
    }

    private mutating func link(_ place: Int) {
        slots[place].older = newest
        slots[place].newer = nil
        if let newest { slots[newest].newer = place } else { oldest = place }
        newest = place
    }
}
