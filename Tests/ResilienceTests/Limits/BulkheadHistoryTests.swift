import Base
import Testing

@testable import Resilience

@Suite("Bulkheads against their model") struct BulkheadHistoryTests {
    /// A random history: calls come, leave in any order, go away while they wait, and the clock jumps, often to just
    /// where somebody's time is over. What holds in any case is checked here, without the model.
    private struct History {
        enum Fate { case waits, admitted, shed, cancelled }

        var generator: SeededGenerator
        let bounds: Bulkhead.Bounds
        var bulkhead: Bulkhead
        var model: BulkheadModel
        var now: UInt64 = 5_000_000_000
        var tickets: [Bulkhead.Ticket] = []
        var places: [Bulkhead.Place: Int] = [:]
        var ends: [Int: UInt64] = [:]
        var fates: [Fate] = []
        var seen: Set<String> = []
        var trouble: String?

        init(seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
            bounds = Bulkhead.Bounds(
                limit: pick(1...5), queue: pick(0...3) == 0 ? pick(10...14) : pick(0...5),
                wait: .milliseconds(pick(1...400)))
            bulkhead = Bulkhead(bounds)
            model = BulkheadModel(bounds)
            self.generator = generator
        }

        mutating func pick(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }

        mutating func check(_ isRight: Bool, _ what: String) { if !isRight, trouble == nil { trouble = what } }

        mutating func moveClock() {
            switch pick(0...5) {
            case 0:
                // Just before, exactly at, or just after the end of somebody's wait.
                if let end = places.values.compactMap({ ends[$0] }).min() {
                    now = max(now, end &- 1 &+ UInt64(pick(0...2)))
                }
            case 1: now += UInt64(pick(0...300)) * 1_000_000
            default: now += UInt64(pick(0...20_000)) * 1_000
            }
        }

        mutating func decide(_ place: Bulkhead.Place, _ fate: Fate) -> Int {
            guard let name = places.removeValue(forKey: place) else {
                check(false, "a fate for nobody")
                return -1
            }
            check(fates[name] == .waits, "two fates")
            fates[name] = fate
            seen.insert("\(fate)")
            return name
        }

        /// Whether the history may go on: not when an estimate was too near to a limit to compare.
        mutating func arrive() -> Bool {
            let isBulk = pick(0...2) == 0
            let deadline: UInt64? = pick(0...3) == 0 ? now + UInt64(max(0, pick(-20_000_000...200_000_000))) : nil
            let name = fates.count
            let expected = model.arrive(name, isBulk: isBulk, deadline: deadline, now: now)
            if expected == .either { return false }
            fates.append(.waits)
            let (room, count) = (bulkhead.inFlight < bulkhead.limit, bulkhead.waiting)
            switch bulkhead.arrive(
                isBulk ? .bulk : .interactive, deadline: deadline.map(Instant.init), now: Instant(nanoseconds: now))
            {
            case .admitted(let ticket):
                check(room && expected == .admitted, "admitted, \(expected)")
                tickets.append(ticket)
                fates[name] = .admitted
            case .refused(let refusal):
                check(!(room && count == 0) || refusal.reason == .overdue, "refused with room")
                check(expected == .refused(refusal.reason), "refused \(refusal.reason), \(expected)")
                check(refusal.wait.map { $0 > .zero && $0 <= .seconds(60) } ?? true, "hint")
                fates[name] = .shed
                seen.insert(refusal.reason.rawValue)
            case .queued(let place, let displaced):
                let lost = displaced.map { decide($0.place, .shed) }
                check(expected == .queued(displaced: lost), "queued \(lost ?? -1), \(expected)")
                if lost != nil { seen.insert("displaced") }
                places[place] = name
                ends[name] = min(deadline ?? .max, now + UInt64(bounds.wait.saturatingNanoseconds))
            }
            return true
        }

        mutating func next() {
            while let decision = bulkhead.next(now: Instant(nanoseconds: now)) {
                let expected = model.next(now)
                switch decision {
                case .admitted(let place, let ticket):
                    let name = decide(place, .admitted)
                    check(now < ends[name] ?? 0, "admitted too late")
                    check(expected?.name == name && expected?.goes == true, "wrong one admitted")
                    check(bulkhead.inFlight <= bulkhead.limit, "over the limit")
                    tickets.append(ticket)
                case .shed(let shed):
                    let name = decide(shed.place, .shed)
                    check(expected?.name == name && expected?.goes == false, "wrong one shed")
                }
            }
            check(model.next(now) == nil, "one forgotten")
        }

        mutating func expire() -> Bool {
            guard let expected = model.expire(now) else { return false }
            var lost: Set<Int> = []
            for shed in bulkhead.expire(now: Instant(nanoseconds: now)) { lost.insert(decide(shed.place, .shed)) }
            check(lost == expected, "expired \(lost), \(expected)")
            check(places.values.allSatisfy { ends[$0] ?? 0 > now }, "somebody waits past the end")
            check(
                places.values.allSatisfy { ends[$0] ?? 0 >= bulkhead.wake?.nanoseconds ?? 0 }, "would wake too late")
            return true
        }

        mutating func step() -> Bool {
            switch pick(0...9) {
            case 0...4: if !arrive() { return false }
            case 5, 6:
                guard !tickets.isEmpty else { break }
                let ticket = tickets.remove(at: pick(0...tickets.count - 1))
                bulkhead.leave(ticket, now: Instant(nanoseconds: now))
                model.leave(ticket.admitted.nanoseconds, now: now)
            case 7:
                guard let place = places.keys.min(by: { $0.slot < $1.slot }) else { break }
                check(bulkhead.cancel(place), "cannot go")
                let name = decide(place, .cancelled)
                model.remove(name)
                check(!bulkhead.cancel(place), "goes twice")
            case 8: if !expire() { return false }
            default:
                let limit = pick(1...bounds.limit)
                bulkhead.setLimit(limit)
                model.limit = limit
            }
            next()
            check(bulkhead.inFlight == tickets.count && tickets.count <= bounds.limit, "permits lost or doubled")
            check(bulkhead.waiting == places.count && places.count <= bounds.queue, "places lost or doubled")
            check(bulkhead.wake == nil || bulkhead.waiting > 0, "wakes for nobody")
            moveClock()
            return trouble == nil
        }

        /// At the end everybody leaves, and nothing is left.
        mutating func end() {
            while !tickets.isEmpty || !places.isEmpty {
                if tickets.isEmpty { return check(false, "somebody waits for ever") }
                bulkhead.leave(tickets.removeFirst(), now: Instant(nanoseconds: now))
                while let decision = bulkhead.next(now: Instant(nanoseconds: now)) {
                    switch decision {
                    case .admitted(let place, let ticket):
                        _ = decide(place, .admitted)
                        tickets.append(ticket)
                    case .shed(let shed): _ = decide(shed.place, .shed)
                    }
                }
            }
            check(bulkhead.inFlight == 0 && !fates.contains(.waits), "left over")
        }
    }

    @Test("100,000 random histories go as the model says, and nobody is lost, doubled or late") func histories() {
        var seen: Set<String> = []
        var steps = 0
        for seed in 0..<100_000 as Range<UInt64> {
            var history = History(seed: seed)
            for _ in 0..<20 {
                guard history.step() else { break }
                steps += 1
            }
            if history.trouble == nil { history.end() }
            if let trouble = history.trouble {
                Issue.record("seed \(seed): \(trouble)")
                return
            }
            seen.formUnion(history.seen)
        }
        #expect(seen == ["admitted", "shed", "cancelled", "displaced", "full", "late", "overdue"])
        #expect(steps > 1_900_000, "estimates are seldom too near to compare: \(steps)")
    }
}
