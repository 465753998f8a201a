import Base
import Testing

@testable import Server

@Suite("The lines of a bulk request that are at work")
struct BulkWindowTests {
    private struct Line: Equatable {
        let number: Int
        let conversation: String?
    }

    private func take(_ window: inout BulkWindow<Line>, _ number: Int, _ conversation: String? = nil) -> Int? {
        window.take(Line(number: number, conversation: conversation), number: number, of: conversation)?.number
    }

    @Test("those of one conversation are begun one after the other, in their order; the others at once")
    func conversations() {
        var window = BulkWindow<Line>(parallel: 8, after: 0)
        #expect(take(&window, 1, "a") == 1)
        #expect(take(&window, 2, "a") == nil)
        #expect(take(&window, 3, "b") == 3)
        #expect(take(&window, 4) == 4)
        #expect(take(&window, 5, "a") == nil)
        #expect(window.end(3, of: "b", [3]).ready == [])
        var step = window.end(1, of: "a", [1])
        #expect(step.ready == [[1]] && step.next?.number == 2)
        step = window.end(2, of: "a", [2])
        #expect(step.ready == [[2], [3]] && step.next?.number == 5)
        #expect(window.end(5, of: "a", [5]).next == nil)
        #expect(take(&window, 6, "a") == 6, "nothing of the conversation is at work any more")
    }

    @Test("never more are begun, wait and are held than the request asks for, and every answer comes in order")
    func random() {
        for seed in UInt64(0)..<300 {
            var generator = SeededGenerator(seed: seed)
            let parallel = Int.random(in: 1...9, using: &generator)
            var window = BulkWindow<Line>(parallel: parallel, after: 7)
            var (running, begun, out): ([Line], [Line], [[UInt8]]) = ([], [], [])
            var lines = (8..<60).map {
                Line(number: $0, conversation: [nil, "a", "b"].randomElement(using: &generator) ?? nil)
            }
            while !lines.isEmpty || !running.isEmpty {
                #expect(running.count <= parallel)
                if window.hasRoom, !lines.isEmpty, Bool.random(using: &generator) || running.isEmpty {
                    let line = lines.removeFirst()
                    if let first = window.take(line, number: line.number, of: line.conversation) {
                        running.append(first)
                        begun.append(first)
                    }
                } else if !running.isEmpty {
                    let ended = running.remove(at: Int.random(in: running.indices, using: &generator))
                    let step = window.end(ended.number, of: ended.conversation, [UInt8(ended.number)])
                    out += step.ready
                    if let next = step.next {
                        running.append(next)
                        begun.append(next)
                    }
                }
                let named = running.compactMap(\.conversation)
                #expect(named.count == Set(named).count, "seed \(seed): two of one conversation at once")
            }
            #expect(out == (8..<60).map { [UInt8($0)] }, "seed \(seed)")
            for conversation in ["a", "b"] {
                let numbers = begun.filter { $0.conversation == conversation }.map(\.number)
                #expect(numbers == numbers.sorted(), "seed \(seed)")
            }
            #expect(window.isIdle && !window.hasWaiting && window.hasRoom)
        }
    }

    @Test("stopped, none of those that wait begins; refused, they take their place in the order")
    func stopped() {
        var window = BulkWindow<Line>(parallel: 8, after: 0)
        _ = take(&window, 1, "a")
        _ = take(&window, 2, "a")
        _ = take(&window, 3)
        window.stop()
        let step = window.end(1, of: "a", [1])
        #expect(step.next == nil && step.ready == [[1]])
        #expect(window.end(3, of: nil, [3]).ready == [])
        #expect(window.isIdle && window.hasWaiting)
        #expect(window.refuseWaiting { [UInt8($0.number), 0] } == [[2, 0], [3]])
        #expect(!window.hasWaiting && window.isIdle)
    }
}
