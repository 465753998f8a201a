import Base
import Testing

@testable import Graph

/// Every mistake that `build` finds, and that it finds all of them at once.
@Suite struct BuildComplaintTests {
    private func complaints(_ builder: GraphBuilder<Board, Never>) -> [String] {
        do {
            _ = try builder.build()
            return []
        } catch {
            return error.complaints
        }
    }

    private func nodes(_ names: String...) -> GraphBuilder<Board, Never> {
        let builder = boardBuilder()
        for name in names { builder.node(name) { _ in } }
        return builder
    }

    @Test("names, edges and ends")
    func shape() {
        #expect(complaints(nodes("a", "a").start("a").end("a")).contains("Node \"a\" is declared more than once."))
        #expect(
            complaints(nodes("plan", "b").start("plan").end("b").edge("plan", to: "b").edge("plam", to: "b")) == [
                "The edge from \"plam\" to \"b\" names \"plam\", which is no node. Did you mean \"plan\"?"
            ])
        #expect(
            complaints(nodes("a").start("a").end("a").edge("a", to: "nowhere")) == [
                "The edge from \"a\" to \"nowhere\" names \"nowhere\", which is no node."
            ])
        #expect(
            complaints(nodes("a", "b").start("a").end("b").route("a", to: ["b", "zzz"]) { "b" }) == [
                "The route from \"a\" to \"zzz\" names \"zzz\", which is no node."
            ])
        #expect(
            complaints(nodes("a", "b").start("a").end("b").edge("a", to: "b", "b")) == [
                "The edge from \"a\" to \"b\" is declared more than once."
            ])
        #expect(
            complaints(nodes("a", "b").start("a").end("b").route("a", to: ["b"]) { "b" }.route("a", to: ["b"]) { "b" })
                == ["Node \"a\" has more than one route; let one choose among all targets."])
        #expect(
            complaints(nodes("a", "b").start("a").end("a", "b")) == ["Node \"b\" cannot be reached from a start."])
        #expect(
            complaints(nodes("a", "b").start("a").end("a").edge("a", to: "b")) == [
                "Node \"b\" leads nowhere: give it an edge or declare it an end."
            ])
        #expect(complaints(nodes("a").end("a")) == ["The graph has no start."])
        #expect(
            complaints(nodes("a").start("a")) == [
                "The graph has no end.", "Node \"a\" leads nowhere: give it an edge or declare it an end.",
            ])
    }

    @Test("cycles")
    func cycles() {
        #expect(
            complaints(nodes("a", "b", "c").start("a").end("c").edge("a", to: "b").edge("b", to: "a", "c")) == [
                "The cycle of \"a\", \"b\" never ends: none of its edges is a choice."
            ])
        #expect(
            complaints(
                nodes("a", "b").start("a").end("x").edge("a", to: "b").route("b", to: ["a"]) { "a" }
            ).contains("The cycle of \"a\", \"b\" has no way out: no edge leaves it and none of its nodes is an end."))
        let twoEntries = nodes("r", "a", "b").start("r").end("a", "b")
            .route("r", to: ["a", "b"]) { "a" }
            .route("a", to: ["b"]) { "b" }
            .route("b", to: ["a"]) { "a" }
        #expect(
            complaints(twoEntries) == [
                "The cycle closed by the edge from \"b\" to \"a\" can be entered beside \"a\": give it one entry."
            ])
    }

    @Test("two concurrent writers need a reducer; sequence, a choice between them or a reducer is enough")
    func writers() {
        func fork(_ connect: (GraphBuilder<Board, Never>) -> Void) -> [String] {
            let builder = boardBuilder()
                .node("s") { _ in }
                .node("a", writes: \.plain) { _ in 1 }
                .node("b", writes: \.plain) { _ in 2 }
                .start("s").end("a", "b")
            connect(builder)
            return complaints(builder)
        }
        let complaint = """
            Nodes "a" and "b" may write plain at the same time: declare a reducer for it or put an edge between them.
            """
        #expect(fork { $0.edge("s", to: "a", "b") } == [complaint])
        #expect(fork { $0.edge("s", to: "a").edge("a", to: "b") } == [])
        #expect(fork { $0.route("s", to: ["a", "b"]) { "a" } } == [])
        #expect(fork { $0.routeSeveral("s", to: ["a", "b"]) { ["a"] } } == [complaint])
        #expect(fork { $0.edge("s", to: "a").onError("s", to: "b") } == [])
        #expect(fork { $0.edge("s", to: "a", "b").field(\.plain, .sum) } == [])
    }

    @Test("an exclusive choice inside a loop does not protect what leaves the loop")
    func exclusivityAndLoops() {
        let builder = boardBuilder()
            .node("s") { _ in }.node("r") { _ in }.node("m") { _ in }
            .node("a", writes: \.plain) { _ in 1 }
            .node("b", writes: \.plain) { _ in 2 }
            .edge("s", to: "r", "m").route("r", to: ["a", "b"]) { "a" }.route("m", to: ["s"]) { nil }
            .edge("r", to: "m")
            .start("s").end("a", "b")
        #expect(complaints(builder).count == 1)
    }

    @Test("readers")
    func readers() {
        let beside = boardBuilder()
            .node("w", writes: \.log) { _ in [1] }.node("r", reads: \.log) { _, _ in }
            .start("w", "r").end("w", "r")
        #expect(
            complaints(beside) == [
                "Node \"r\" reads log while \"w\" may be writing it: put an edge between them."
            ])
        let unwritten = boardBuilder()
            .field(\.text, from: .nodes)
            .node("r", reads: \.text) { _, _ in }.node("w", writes: \.text) { _ in "x" }
            .edge("r", to: "w").start("r").end("w")
        #expect(complaints(unwritten) == ["Node \"r\" reads text, which no node before it writes."])
    }

    @Test("fields")
    func fields() {
        let twice = boardBuilder().field(\.log).node("a", writes: \.plain, \.plain) { _ in (1, 2) }.start("a").end("a")
        #expect(
            complaints(twice) == ["Node \"a\" writes plain more than once.", "Field log is declared more than once."])
        let computed = boardBuilder().node("a", reads: \.log.count) { _, _ in }.start("a").end("a")
        #expect(complaints(computed).count == 1)
        #expect(complaints(computed)[0].hasPrefix("Node \"a\" uses "))
        let overlapping = boardBuilder()
            .node("a", writes: \.self) { _ in Board() }.node("b", writes: \.plain) { _ in 1 }
            .start("a", "b").end("a", "b")
        #expect(
            complaints(overlapping) == [
                """
                Nodes "a" and "b" may write self and plain, which overlap, at the same time: put an edge between them.
                """
            ])
    }

    @Test("all complaints come at once, and the description lists them")
    func together() throws {
        let builder = nodes("a", "b", "c", "c").start("a", "x").edge("a", to: "y")
        let error = try #require(throws: GraphBuildError.self) { _ = try builder.build() }
        #expect(error.complaints.count >= 6)
        #expect(error.description.hasPrefix("The graph \"board\" cannot be built:\n- "))
    }
}
