import Base
import Testing

@testable import Transport

@Suite struct TimerQueueTests {
    private func at(_ nanoseconds: UInt64) -> Instant { Instant(nanoseconds: nanoseconds) }

    private func drain(_ queue: inout TimerQueue<Int>, at time: UInt64) -> [Int] {
        var fired: [Int] = []
        while let payload = queue.popExpired(at: at(time)) { fired.append(payload) }
        return fired
    }

    @Test func `timers fire in the order of their times, ties in the order of insertion`() {
        var queue = TimerQueue<Int>()
        for (payload, time) in [(1, 30), (2, 10), (3, 20), (4, 10), (5, 30)] as [(Int, UInt64)] {
            _ = queue.insert(payload, at: at(time))
        }
        #expect(drain(&queue, at: 9) == [])
        #expect(drain(&queue, at: 20) == [2, 4, 3])
        #expect(queue.nextTime() == at(30))
        #expect(drain(&queue, at: .max) == [1, 5])
        #expect(queue.nextTime() == nil)
    }

    @Test func `a cancelled timer gives its payload back once and never fires`() {
        var queue = TimerQueue<Int>()
        let first = queue.insert(1, at: at(10))
        _ = queue.insert(2, at: at(20))
        #expect(queue.cancel(first) == 1)
        #expect(queue.cancel(first) == nil)
        #expect(queue.nextTime() == at(20))
        #expect(drain(&queue, at: 100) == [2])
    }

    @Test func `the cancelled entries never outnumber the live ones by much`() {
        var queue = TimerQueue<Int>()
        for round in 0..<100_000 {
            let id = queue.insert(round, at: at(UInt64(round) + 1_000_000))
            queue.cancel(id)
        }
        #expect(queue.count == 0)
        #expect(queue.entryCount <= 130)
    }

    @Test func `ten thousand random insertions and cancellations fire exactly as a sorted list would`() {
        var random = SeededGenerator(seed: 7)
        var queue = TimerQueue<Int>()
        var model: [(time: UInt64, payload: Int)] = []
        var ids: [Int: TimerQueue<Int>.ID] = [:]
        var now: UInt64 = 0
        for step in 0..<10_000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let time = now + UInt64.random(in: 0..<500, using: &random)
                ids[step] = queue.insert(step, at: at(time))
                model.append((time, step))
            case 2:
                guard let victim = model.randomElement(using: &random)?.payload, let id = ids[victim] else { continue }
                #expect(queue.cancel(id) == victim)
                model.removeAll { $0.payload == victim }
            default:
                now += UInt64.random(in: 0..<300, using: &random)
                let due = model.filter { $0.time <= now }.sorted { ($0.time, $0.payload) < ($1.time, $1.payload) }
                model.removeAll { $0.time <= now }
                #expect(drain(&queue, at: now) == due.map(\.payload))
                #expect(queue.nextTime()?.nanoseconds == model.map(\.time).min())
            }
            #expect(queue.count == model.count)
        }
    }
}
