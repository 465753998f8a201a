import Base
import JSON
import Synchronization
import TestKit
import Testing

@testable import Graph

/// What keeping a run costs in bytes: as much as its steps write, and not what was there before.
@Suite("What a kept run stores") struct StorageTests {
    @Test("a conversation of 200 turns of 2 KB grows by what each turn says")
    func conversation() async throws {
        let turn = String(repeating: "x", count: 1000)
        let graph = try GraphBuilder<Talk, Never>("talk").field(\.messages, .append)
            .ask("listen", reads: \.messages, writes: \.said) { .int(Int64($0.count)) }
            .node("answer", reads: \.said, writes: \.messages) { _, said in [said ?? "", turn] }
            .start("listen").edge("listen", to: "answer")
            .route("answer", reads: \.said, to: ["listen", "bye"]) { $0 == "bye" ? "bye" : "listen" }
            .node("bye") { _ in }.end("bye").build()
        let store = MemoryCheckpointer()
        let runner = try DurableRunner(graph, checkpointer: store, time: FixedTime())
        _ = try await runner.start(Talk(), context: makeContext())
        var bytes: [Int: Int] = [:]
        for number in 1...200 {
            let said = number == 200 ? "bye" : String(repeating: "y", count: 1000)
            _ = try await runner.resume(context: makeContext(), answers: ["listen#\(number)": .string(said)])
            bytes[number] = store.byteCount
        }
        let (ten, hundred, all) = (bytes[10] ?? 0, bytes[100] ?? 0, bytes[200] ?? 0)
        print("bytes stored after 10, 100 and 200 turns of 2 KB: \(ten), \(hundred), \(all)")
        #expect(Double(all) / Double(hundred) < 2.3 && Double(hundred) / Double(ten) < 13)
        #expect(all < 200 * 2000 * 6)
        #expect(try await runner.history(of: ledgerKey, limit: 10_000).count { $0.kind == .snapshot } >= 2)
        #expect(try await runner.state(of: ledgerKey).messages.count == 400)
        let pruned = try await store.prune(ledgerKey, before: .max)
        #expect(pruned > 0)
        #expect(try await runner.state(of: ledgerKey).messages.count == 400)
    }

    @Test("of a state of 1 MB, nodes that need 1 KB are handed 1 KB and write what they say")
    func lightState() async throws {
        let builder = GraphBuilder<Heavy, Never>("heavy")
        let handed = Mutex(0)
        let count = 20
        for number in 0..<count {
            builder.node("n\(number)", reads: \.need, writes: \.result) { _, need in
                handed.withLock { $0 += need.utf8.count }
                return need
            }
            if number > 0 { builder.edge("n\(number - 1)", to: "n\(number)") }
        }
        let graph = try builder.start("n0").end("n\(count - 1)").build()
        let store = MemoryCheckpointer()
        let state = Heavy()
        let whole = try JSONCoding.encode(state).count
        _ = try await DurableRunner(graph, checkpointer: store, time: FixedTime()).start(state, context: makeContext())
        let everything = whole * count
        let light = handed.withLock { $0 }
        print("handed \(light) and stored \(store.byteCount) bytes; everything would be \(everything) each")
        #expect(light * 10 < everything * 3)
        #expect(store.byteCount * 10 < everything * 3)
    }
}

private struct Talk: Codable, Sendable {
    var said: String?
    var messages: [String] = []
}

private struct Heavy: Codable, Sendable {
    var need = String(repeating: "n", count: 1024)
    var result = ""
    var rest = String(repeating: "r", count: 1 << 20)
}
