import Base
import Testing

@testable import Resilience

@Suite("Bulkheads") struct BulkheadTests {
    /// A bulkhead with a clock in milliseconds.
    private final class Bench {
        var bulkhead: Bulkhead
        var now = Instant(nanoseconds: 1_000_000_000)
        var tickets: [Bulkhead.Ticket] = []
        var places: [Bulkhead.Place] = []

        init(_ limit: Int, queue: Int = 100, wait: Duration = .seconds(10)) {
            bulkhead = Bulkhead(.init(limit: limit, queue: queue, wait: wait))
        }

        func pass(_ milliseconds: Int) { now = now.advanced(by: .milliseconds(milliseconds)) }

        /// "+" went, "…" waits, else the reason of the refusal; a number when somebody was displaced.
        @discardableResult
        func arrive(_ priority: RunContext.Priority = .interactive, within time: Int? = nil) -> String {
            let deadline = time.map { now.advanced(by: .milliseconds($0)) }
            switch bulkhead.arrive(priority, deadline: deadline, now: now) {
            case .admitted(let ticket):
                tickets.append(ticket)
                return "+"
            case .queued(let place, let displaced):
                places.append(place)
                return displaced.map { "\(places.firstIndex(of: $0.place) ?? -1)" } ?? "…"
            case .refused(let refusal): return refusal.reason.rawValue
            }
        }

        func leave() { bulkhead.leave(tickets.removeFirst(), now: now) }

        /// Who is admitted, by the number of their place; those who are shed with 1000 more.
        func next() -> [Int] {
            var numbers: [Int] = []
            while let decision = bulkhead.next(now: now) {
                switch decision {
                case .admitted(let place, let ticket):
                    tickets.append(ticket)
                    numbers.append(places.firstIndex(of: place) ?? -99)
                case .shed(let shed): numbers.append(1_000 + (places.firstIndex(of: shed.place) ?? -99))
                }
            }
            return numbers
        }

        func cancel(_ number: Int) -> Bool { bulkhead.cancel(places[number]) }

        func expire() -> [Int] {
            bulkhead.expire(now: now).map { places.firstIndex(of: $0.place) ?? -99 }
        }

        func wait(_ priority: RunContext.Priority) -> Duration { bulkhead.expectedWait(priority, now: now) }

        /// Lets calls take so long, one after another.
        func teach(_ milliseconds: Int, times: Int = 32) {
            for _ in 0..<times {
                arrive()
                pass(milliseconds)
                leave()
            }
        }
    }

    @Test("admits up to the limit, keeps the others in order, and refuses when the queue is full") func order() {
        let bench = Bench(2, queue: 3)
        #expect((0..<7).map { _ in bench.arrive() } == ["+", "+", "…", "…", "…", "full", "full"])
        #expect(bench.bulkhead.inFlight == 2 && bench.bulkhead.waiting == 3)
        #expect(bench.next() == [], "nobody has left")
        bench.leave()
        #expect(bench.next() == [0])
        bench.leave()
        bench.leave()
        #expect(bench.next() == [1, 2])
        #expect(bench.bulkhead.inFlight == 2 && bench.bulkhead.waiting == 0)
        #expect(bench.arrive() == "…")
    }

    @Test("nobody overtakes those who wait, even when there is room") func room() {
        let bench = Bench(1)
        bench.arrive()
        bench.arrive()
        bench.leave()
        #expect(bench.arrive() == "…")
        #expect(bench.next() == [0])
    }

    @Test("without a queue, what cannot go is refused with the time to wait") func noQueue() {
        let bench = Bench(1, queue: 0)
        bench.teach(400)
        #expect(bench.arrive() == "+")
        let arrival = bench.bulkhead.arrive(.interactive, deadline: nil, now: bench.now)
        guard case .refused(let refusal) = arrival else {
            Issue.record("not refused")
            return
        }
        #expect(refusal == LimitRefusal(reason: .full, wait: .milliseconds(400)))
    }

    @Test("interactive calls go first, and every tenth is a bulk one") func priorities() {
        let bench = Bench(1)
        bench.arrive()
        for _ in 0..<3 { bench.arrive(.bulk) }
        for _ in 0..<20 { bench.arrive() }
        var order: [Int] = []
        for _ in 0..<23 {
            bench.leave()
            order += bench.next()
        }
        #expect(order == Array(3...11) + [0] + Array(12...20) + [1] + [21, 22] + [2])
    }

    @Test("bulk makes room in a full queue, the newest first, but keeps a tenth of it") func displaced() {
        let bench = Bench(1, queue: 20)
        bench.arrive()
        for _ in 0..<20 { #expect(bench.arrive(.bulk) == "…") }
        #expect(bench.arrive(.bulk) == "full", "bulk displaces nobody")
        for number in (2..<20).reversed() { #expect(bench.arrive() == "\(number)") }
        #expect(bench.arrive() == "full")
        #expect(bench.bulkhead.waiting(.bulk) == 2 && bench.bulkhead.waiting(.interactive) == 18)
    }

    @Test("what cannot be served before its deadline is refused at once, with an estimate") func late() {
        let bench = Bench(2)
        bench.teach(1_000)
        for _ in 0..<2 { bench.arrive() }
        // One leaves every half second.
        #expect(bench.arrive(within: 499) == "late")
        #expect(bench.arrive(within: 501) == "…")
        #expect(bench.wait(.interactive) == .seconds(1))
        #expect(bench.arrive(within: 999) == "late")
        #expect(bench.arrive(within: 0) == "overdue")
        // The queue's own wait is a deadline as well.
        let short = Bench(2, wait: .milliseconds(999))
        short.teach(1_000)
        #expect((0..<4).map { _ in short.arrive() } == ["+", "+", "…", "late"])
    }

    @Test("a bulk call counts those who will overtake it") func bulkEstimate() {
        let bench = Bench(1)
        bench.teach(100)
        for _ in 0..<6 { bench.arrive() }
        #expect(bench.wait(.bulk) == .milliseconds(600))
        for _ in 0..<20 { bench.arrive() }
        #expect(bench.bulkhead.waiting == 25)
        #expect(bench.wait(.bulk) == .seconds(1), "nine go before it, and no more")
        #expect(bench.wait(.interactive) == .milliseconds(2_600))
    }

    @Test("a burst may use the whole queue; one that does not drain is cut to less than a call takes") func standing() {
        let bench = Bench(10, queue: 100)
        bench.teach(1_000)
        for _ in 0..<10 { bench.arrive() }
        #expect((0..<50).allSatisfy { _ in bench.arrive() == "…" })
        bench.pass(1_001)
        for _ in 0..<10 { bench.leave() }
        #expect(bench.next().count == 10)
        #expect(bench.arrive() == "late", "forty wait, for four calls' time")
        #expect(bench.arrive(.bulk) == "…", "bulk has time")
        for _ in 0..<5 {
            bench.pass(1_000)
            while !bench.tickets.isEmpty { bench.leave() }
            _ = bench.next()
        }
        #expect(bench.bulkhead.waiting == 0, "the burst has been served whole")
        #expect(bench.arrive() == "+")
    }

    @Test("nobody is admitted at or after the end of their wait") func expired() {
        let bench = Bench(1, wait: .milliseconds(100))
        bench.arrive()
        for time in [40, 60, 200] { #expect(bench.arrive(within: time) == "…") }
        bench.pass(60)
        bench.leave()
        #expect(bench.next() == [1_000, 1_001, 2])
    }

    @Test("whoever waits is told when the time is over, and when there is no hope any more") func expire() throws {
        let bench = Bench(4, wait: .seconds(1))
        bench.teach(10)
        for _ in 0..<4 { bench.arrive() }
        for time in [40, 800, 900, 950] { bench.arrive(within: time) }
        #expect(bench.bulkhead.wake == bench.now.advanced(by: .milliseconds(40)))
        bench.pass(40)
        #expect(bench.expire() == [0])
        #expect(bench.bulkhead.wake == bench.now.advanced(by: .milliseconds(250)))
        // The calls under way hang: after 775 ms they look as if they took at least 387. The first who waits would go
        // after a quarter of that, and even half of this quarter is past its end; the others have more time.
        bench.pass(735)
        #expect(bench.expire() == [1])
        #expect(bench.bulkhead.waiting == 2)
    }

    @Test("calls that hang make the estimate grow before any of them has ended") func hanging() {
        let bench = Bench(4)
        bench.teach(10)
        for _ in 0..<4 { bench.arrive() }
        #expect(bench.wait(.interactive) == .microseconds(2_500))
        bench.pass(4_000)
        #expect(bench.wait(.interactive) == .milliseconds(500), "2 s a call and four at once")
    }

    @Test("whoever goes leaves the queue at once and frees nothing else") func cancel() {
        let bench = Bench(1)
        for _ in 0..<4 { bench.arrive() }
        #expect(bench.cancel(1))
        #expect(!bench.cancel(1), "only once")
        #expect(bench.bulkhead.inFlight == 1 && bench.bulkhead.waiting == 2)
        // The slot is used again; the old place is worth nothing.
        bench.arrive()
        #expect(bench.places[3].slot == bench.places[1].slot)
        #expect(!bench.cancel(1))
        bench.leave()
        #expect(bench.next() == [0])
        #expect(!bench.cancel(0), "has been admitted")
        #expect(bench.cancel(2) && bench.cancel(3))
        #expect(bench.bulkhead.wake == nil && bench.bulkhead.inFlight == 1)
    }

    @Test("a lower limit lets those under way finish, a higher one admits those who wait") func limits() {
        let bench = Bench(4)
        for _ in 0..<8 { bench.arrive() }
        bench.bulkhead.setLimit(2)
        for _ in 0..<2 { bench.leave() }
        #expect(bench.next() == [] && bench.bulkhead.inFlight == 2)
        bench.leave()
        #expect(bench.next() == [0])
        bench.bulkhead.setLimit(100)
        #expect(bench.bulkhead.limit == 4, "never over the bounds")
        #expect(bench.next() == [1, 2])
        bench.bulkhead.setLimit(-1)
        #expect(bench.bulkhead.limit == 1, "never none at all")
    }

    @Test("extreme times and strange calls trap nothing") func extremes() {
        let bench = Bench(1, wait: .seconds(3600))
        bench.arrive()
        bench.now = Instant(nanoseconds: .max - 5)
        #expect(bench.arrive(within: .max) == "late")
        bench.leave()
        #expect(bench.arrive() == "+")
        bench.now = Instant(nanoseconds: 0)
        bench.leave()
        bench.bulkhead.leave(Bulkhead.Ticket(admitted: Instant(nanoseconds: 7)), now: bench.now)
        #expect(bench.bulkhead.inFlight == 0, "one that never came cannot leave")
        bench.places = [-1, 99, .max, .min].map { Bulkhead.Place(slot: $0, generation: 0) }
        for number in bench.places.indices { #expect(!bench.cancel(number)) }
        bench.now = Instant(nanoseconds: .max)
        #expect(bench.expire() == [])
    }

    @Test("refusals tell their callers what happened and when to come again") func errors() {
        for reason in LimitRefusal.Reason.allCases {
            let error = LimitRefusal(reason: reason, wait: .seconds(2)).error(of: "openai")
            #expect(error.code == (reason == .overdue ? .deadlineExceeded : .overloaded))
            #expect(error.retryAfter == (reason == .overdue ? nil : .seconds(2)))
            #expect(error.detail == "limit \(reason.rawValue)")
            #expect(CallEnd(error) == .neutral, "no provider's fault")
        }
    }
}
