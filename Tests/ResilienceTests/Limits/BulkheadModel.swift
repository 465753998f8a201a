import Base

@testable import Resilience

/// What a bulkhead should do, in plain lists. How long somebody has to wait is not calculated but played through.
struct BulkheadModel {
    struct Waiting {
        let name: Int
        let isBulk: Bool
        let end: UInt64
    }

    let bounds: Bulkhead.Bounds
    var limit: Int
    private(set) var flights: [UInt64] = []
    private(set) var waiting: [Waiting] = []
    private var turns = 0
    private var standingSince: UInt64?
    private var meanHold = 0.0
    private var ended = 0

    init(_ bounds: Bulkhead.Bounds) {
        self.bounds = bounds
        limit = bounds.limit
    }

    private func names(_ isBulk: Bool) -> [Int] { waiting.filter { $0.isBulk == isBulk }.map(\.name) }

    /// The order in which the lanes are served.
    private func order(interactive: [Int], bulk: [Int]) -> [Int] {
        var (interactive, bulk, turns, order) = (interactive[...], bulk[...], turns, [Int]())
        while true {
            if !bulk.isEmpty, interactive.isEmpty || turns >= 9 {
                order.append(bulk.removeFirst())
                turns = 0
            } else if !interactive.isEmpty {
                order.append(interactive.removeFirst())
                turns = bulk.isEmpty ? 0 : turns + 1
            } else {
                return order
            }
        }
    }

    private func hold(_ now: UInt64) -> Double {
        let ages = flights.reduce(0.0) { $0 + Double(now - $1) }
        return flights.isEmpty ? meanHold : max(meanHold, ages / Double(flights.count) / 2)
    }

    /// In nanoseconds, until the one of this name goes in this order.
    private func time(of name: Int, in order: [Int], _ now: UInt64) -> Double {
        let before = (order.firstIndex(of: name) ?? 0) + 1 + max(0, flights.count - limit)
        return Double(before) * hold(now) / Double(limit)
    }

    enum Arrival: Equatable {
        case admitted, queued(displaced: Int?)
        case refused(LimitRefusal.Reason)
        /// The estimate is too near to the time left to say.
        case either
    }

    mutating func arrive(_ name: Int, isBulk: Bool, deadline: UInt64?, now: UInt64) -> Arrival {
        if let deadline, deadline <= now { return .refused(.overdue) }
        if flights.count < limit, waiting.isEmpty {
            flights.append(now)
            return .admitted
        }
        let (interactive, bulk) = (names(false), names(true))
        let order = order(interactive: isBulk ? interactive : interactive + [name], bulk: isBulk ? bulk + [name] : bulk)
        let end = min(deadline ?? .max, now + UInt64(bounds.wait.saturatingNanoseconds))
        var patience = Double(end - now)
        if !isBulk, let since = standingSince, Double(now - since) > hold(now) {
            patience = min(patience, 0.75 * hold(now))
        }
        let time = time(of: name, in: order, now)
        if abs(time - patience) < 1e-6 * patience { return .either }
        if time > patience { return .refused(.late) }
        var displaced: Int?
        if waiting.count >= bounds.queue {
            guard !isBulk, bulk.count > bounds.queue / 10, let last = bulk.last else { return .refused(.full) }
            displaced = last
            remove(last)
        }
        if !isBulk, standingSince == nil { standingSince = now }
        waiting.append(Waiting(name: name, isBulk: isBulk, end: end))
        return .queued(displaced: displaced)
    }

    mutating func leave(_ admitted: UInt64, now: UInt64) {
        if let index = flights.firstIndex(of: admitted) { flights.remove(at: index) }
        ended = min(ended + 1, 32)
        meanHold += (Double(now - admitted) - meanHold) / Double(ended)
    }

    mutating func remove(_ name: Int) {
        waiting.removeAll { $0.name == name }
        if names(true).isEmpty { turns = 0 }
        if names(false).isEmpty { standingSince = nil }
    }

    /// Who is next, and whether they go or have waited too long.
    mutating func next(_ now: UInt64) -> (name: Int, goes: Bool)? {
        guard flights.count < limit, !waiting.isEmpty else { return nil }
        let order = order(interactive: names(false), bulk: names(true))
        guard let first = order.first, let entry = waiting.first(where: { $0.name == first }) else { return nil }
        let goes = entry.end > now
        if goes {
            flights.append(now)
            turns = entry.isBulk || names(true).isEmpty ? 0 : turns + 1
        }
        remove(first)
        return (first, goes)
    }

    /// Who is shed; `nil` when that is too near to say.
    mutating func expire(_ now: UInt64) -> Set<Int>? {
        var lost: Set<Int> = []
        for isBulk in [false, true] {
            var kept: [Int] = []
            for entry in waiting where entry.isBulk == isBulk {
                let lane = kept + [entry.name]
                let order = order(interactive: isBulk ? names(false) : lane, bulk: isBulk ? lane : names(true))
                let left = Double(entry.end) - Double(now)
                let time = time(of: entry.name, in: order, now) / 2
                if left > 0, abs(time - left) < 1e-6 * left { return nil }
                if left <= 0 || time > left { lost.insert(entry.name) } else { kept.append(entry.name) }
            }
        }
        for name in lost { remove(name) }
        return lost
    }
}
