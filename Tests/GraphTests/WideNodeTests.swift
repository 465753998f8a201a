import Base
import Graph
import TestKit
import Testing

@Suite("Nodes of many fields")
struct WideNodeTests {
    /// Six words, the first of them a plain number.
    struct Part: Sendable, Equatable {
        var number = 0
        var name = ""
        var score = 0.0
        var list: [String] = []
        var count = 0

        init(_ number: Int = 0) {
            self.number = number
            count = number
        }
    }

    /// More than a hundred words: of so many, the compiler once took the first for undefined.
    struct Large: Sendable, Equatable {
        typealias Parts = (Part, Part, Part, Part, Part, Part)
        var first: Parts
        var second: Parts
        var third: Parts

        init(_ number: Int = 0) {
            let parts = (Part(number), Part(number), Part(number), Part(number), Part(number), Part(number))
            (first, second, third) = (parts, parts, parts)
        }

        static func == (left: Large, right: Large) -> Bool {
            left.first == right.first && left.second == right.second && left.third == right.third
        }
    }

    struct State: Sendable {
        var part = Part()
        var large: Large?
        var flag = false
        var text: String?
        var list: [Int] = []
        var other: Part?
        var last = 0
    }

    /// What a node was given, in the order in which it was.
    actor Given {
        var values: [String] = []
        func add(_ value: some Sendable) { values.append("\(value)") }
    }

    private func filled() -> State {
        var state = State()
        state.part = Part(2)
        state.large = Large(3)
        state.flag = true
        state.text = "text"
        state.list = [4, 5]
        state.other = Part(6)
        state.last = 7
        return state
    }

    private func run(_ builder: GraphBuilder<State, Never>, _ state: State) async throws -> State {
        let graph = try builder.start("node").end("node").build()
        return try await Runner(graph, time: TestClock()).run(state, context: RunContext(local: "wide"))
    }

    @Test("one that writes nothing gets all of its fields as they are, before and after it waits")
    func readsAlone() async throws {
        let given = Given()
        let builder = GraphBuilder<State, Never>("wide")
            .node("node", reads: \.part, \.large, \.flag, \.text, \.list, \.other, \.last) {
                _, part, large, flag, text, list, other, last in
                await given.add(part)
                await given.add(large == Large(3))
                await given.add((flag, text, list, other, last))
                await given.add(part)
            }
        let state = filled()
        _ = try await run(builder, state)
        #expect(
            await given.values == [
                "\(state.part)", "true",
                "\((state.flag, state.text, state.list, state.other, state.last))", "\(state.part)",
            ])
    }

    @Test("one that reads many and writes many gets and gives each")
    func readsAndWrites() async throws {
        let builder = GraphBuilder<State, Never>("wide")
            .node("node", reads: \.part, \.large, \.flag, \.text, \.list, \.last, writes: \.part, \.large, \.list) {
                _, part, large, flag, text, list, last in
                await Task.yield()
                return (Part(part.number + 1), large == Large(3) ? Large(8) : nil, list + [last, flag ? 1 : 0])
            }
        let state = try await run(builder, filled())
        #expect(state.part == Part(3))
        #expect(state.large == Large(8))
        #expect(state.list == [4, 5, 7, 1])
    }

    @Test("one that reads nothing gives each of its fields")
    func writesAlone() async throws {
        let builder = GraphBuilder<State, Never>("wide")
            .node("node", writes: \.part, \.large, \.flag, \.last) { _ in
                await Task.yield()
                return (Part(1), Large(2), true, 9)
            }
        let state = try await run(builder, State())
        #expect(state.part == Part(1))
        #expect(state.large == Large(2))
        #expect(state.flag)
        #expect(state.last == 9)
    }

    @Test("a fallback, and a graph, that write nothing get all of their fields as they are")
    func withoutWrites() async throws {
        let given = Given()
        let inner = try GraphBuilder<State, Never>("inner")
            .node("look", reads: \.part, \.large, \.last) { _, part, large, last in
                await given.add((part == Part(2), large == Large(3), last))
            }
            .start("look").end("look").build()
        let graph = try GraphBuilder<State, Never>("outer")
            .node("node") { _ in throw CodedError(.internalError, "It fails.") }
            .fallback("node", reads: \.part, \.large, \.flag, \.last) { _, _, part, large, flag, last in
                await given.add((part == Part(2), large == Large(3), flag, last))
                await Task.yield()
                await given.add((part == Part(2), large == Large(3), flag, last))
            }
            .graph("inside", inner, reads: \.part, \.large, \.last) { part, large, last in
                var state = State()
                (state.part, state.large, state.last) = (part, large, last)
                return state
            }
            .start("node").edge("node", to: "inside").end("inside").build()
        _ = try await Runner(graph, time: TestClock()).run(filled(), context: RunContext(local: "wide"))
        #expect(
            await given.values == ["(true, true, true, 7)", "(true, true, true, 7)", "(true, true, 7)"])
    }
}
