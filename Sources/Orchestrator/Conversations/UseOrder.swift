/// Who was used when, oldest first. A member's older entries count no more, which only who keeps the members knows; they
/// go in time. O(1) a call, amortised.
struct UseOrder<Member: Sendable>: Sendable {
    typealias Entry = (member: Member, use: UInt64)

    private var entries: [Entry] = []
    private var oldest = 0

    /// - Parameter count: How many members there are.
    mutating func note(_ member: Member, _ use: UInt64, of count: Int, isCurrent: (Entry) -> Bool) {
        entries.append((member, use))
        // Entries that count no more are thrown out when they are the most.
        guard entries.count > 2 * count + 16 else { return }
        entries = entries[oldest...].filter(isCurrent)
        oldest = 0
    }

    /// The one that was used longest ago.
    mutating func first(isCurrent: (Entry) -> Bool) -> Entry? {
        while oldest < entries.count {
            if isCurrent(entries[oldest]) { return entries[oldest] }
            oldest += 1
        }
        entries.removeAll(keepingCapacity: true)
        oldest = 0
        return nil
    }
}
