import Testing

@testable import Graph

/// The bounded channel, as a machine and with tasks.
@Suite struct EventStreamTests {
    private typealias Channel = EventChannel<Int, String, String>

    private func name(_ send: Channel.Send) -> String {
        switch send {
        case .taken: "taken"
        case .deliver(let consumer): "deliver to \(consumer)"
        case .full: "full"
        case .closed: "closed"
        }
    }

    private func name(_ receive: Channel.Receive) -> String {
        switch receive {
        case .value(let value, let producer): "\(value)" + (producer.map { ", resume \($0)" } ?? "")
        case .empty: "empty"
        case .over: "over"
        }
    }

    @Test("values come out in the order in which they came in, also those of producers that had to wait")
    func order() {
        var channel = Channel(capacity: 2)
        #expect(name(channel.send(1)) == "taken")
        #expect(name(channel.send(2)) == "taken")
        #expect(name(channel.send(3)) == "full")
        #expect(channel.park(3, "p3", ticket: 1) == true)
        #expect(channel.park(4, "p4", ticket: 2) == true)
        #expect(name(channel.receive()) == "1, resume p3")
        #expect(name(channel.receive()) == "2, resume p4")
        #expect(name(channel.receive()) == "3")
        #expect(name(channel.receive()) == "4")
        #expect(name(channel.receive()) == "empty")
        #expect(channel.park("c") == true)
        #expect(name(channel.send(5)) == "deliver to c")
    }

    @Test("a parked producer can be taken back, and its value never comes out")
    func unparking() {
        var channel = Channel(capacity: 1)
        _ = channel.send(1)
        #expect(channel.park(2, "p2", ticket: 7) == true)
        #expect(channel.park(3, "p3", ticket: 8) == true)
        #expect(channel.unpark(ticket: 7) == "p2")
        #expect(channel.unpark(ticket: 7) == nil)
        #expect(name(channel.receive()) == "1, resume p3")
        #expect(name(channel.receive()) == "3")
    }

    @Test("the end lets out what is buffered and its last value; a close drops all")
    func ends() {
        var channel = Channel(capacity: 1)
        _ = channel.send(1)
        _ = channel.park(2, "p2", ticket: 1)
        let (refused, consumer, _) = channel.finish(with: 9)
        #expect(refused == ["p2"])
        #expect(consumer == nil)
        #expect(name(channel.send(3)) == "closed")
        #expect(name(channel.receive()) == "1")
        #expect(name(channel.receive()) == "9")
        #expect(name(channel.receive()) == "over")

        var closed = Channel(capacity: 1)
        _ = closed.send(1)
        #expect(closed.park(2, "p2", ticket: 1) == true)
        #expect(closed.close().refused == ["p2"])
        #expect(name(closed.receive()) == "over")
        #expect(name(closed.send(3)) == "closed")

        var waiting = Channel(capacity: 1)
        #expect(waiting.park("c") == true)
        let (_, woken, value) = waiting.finish(with: 4)
        #expect(woken == "c")
        #expect(value == 4)
    }

    @Test("a producer waits until the consumer takes, and everything arrives once and in order")
    func backPressure() async throws {
        let stream = RunEventStream<Int>(capacity: 3)
        let notes = Notes()
        let producer = Task {
            for index in 0..<100 {
                try await stream.receive(.emitted(node: "n", index))
                notes.add("sent")
            }
            stream.end(with: .finished)
        }
        var received: [Int] = []
        while let event = await stream.next() {
            if case .emitted(_, let index) = event { received.append(index) }
            #expect(notes.count <= received.count + 4)
        }
        try await producer.value
        #expect(received == Array(0..<100))
    }

    @Test("cancelling a consumer that waits closes the stream")
    func consumerCancelled() async throws {
        let stream = RunEventStream<Int>(capacity: 1)
        let consumer = Task { await stream.next() == nil }
        consumer.cancel()
        #expect(await consumer.value)
        await #expect(throws: CancellationError.self) { try await stream.receive(.emitted(node: "n", 1)) }
    }

    @Test("several producers beside one another lose nothing")
    func manyProducers() async throws {
        let stream = RunEventStream<Int>(capacity: 4)
        let producers = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for part in 0..<8 {
                    group.addTask {
                        for index in 0..<200 { try await stream.receive(.emitted(node: "n", part * 1000 + index)) }
                    }
                }
                try await group.waitForAll()
            }
            stream.end(with: .finished)
        }
        var last = Array(repeating: -1, count: 8)
        var count = 0
        while let event = await stream.next() {
            guard case .emitted(_, let value) = event else { continue }
            #expect(value % 1000 == last[value / 1000] + 1)
            last[value / 1000] = value % 1000
            count += 1
        }
        try await producers.value
        #expect(count == 1600)
    }

    @Test("a buffer without a bound to speak of holds what comes, in order", arguments: [17, 1 << 40, Int.max])
    func largeCapacity(capacity: Int) async {
        let stream = RunEventStream<Int>(capacity: capacity, kinds: .custom)
        var sent = 0
        for round in 0..<40 {
            for _ in 0..<round {
                guard case .taken = stream.offer(.emitted(node: "n", sent)) else { break }
                sent += 1
            }
        }
        stream.finish()
        var read: [Int] = []
        while let event = await stream.next() { if case .emitted(_, let number) = event { read.append(number) } }
        #expect(read == Array(0..<sent) && sent == min(capacity, 780))
    }
}
