import Base
import JSON
import Testing

@testable import Graph

/// Graphs and runs as people see them, to the letter.
@Suite struct DrawingTests {
    private func builder(_ name: String, _ nodes: [String]) -> GraphBuilder<Board, Never> {
        let builder = GraphBuilder<Board, Never>(name)
        for node in nodes { builder.node(node) { _ in } }
        return builder
    }

    private func report() throws -> Graph<Board, Never> {
        try builder("report", ["research", "draft", "review", "validate", "citations"])
            .start("research").edge("research", to: "draft").edge("draft", to: "review", "validate")
            .edge("review", to: "citations").edge("validate", to: "citations").end("citations").build()
    }

    /// Two starts, choices, loops in one another, failures, an end that need not be one.
    private func support() throws -> Graph<Board, Never> {
        try builder(
            "support", ["classify", "plan", "search", "fetch", "read", "write", "check", "apology", "publish", "log"]
        )
        .start("classify", "log").route("classify", to: ["plan", "apology"]) { nil }
        .edge("plan", to: "search", "fetch").edge("search", to: "write").edge("fetch", to: "read")
        .edge("read", to: "write").edge("write", to: "check")
        .route("check", to: ["plan", "publish", "write"]) { nil }
        .onError("fetch", to: "apology").onError("check", to: "check").edge("log", to: "publish")
        .end("publish", "apology", "check").build()
    }

    @Test("the text of a graph is a line for each node, branches below the node that they leave")
    func plainReport() throws {
        #expect(
            try report().plainText() == """
                report         → research
                  research     → draft
                  draft        → review, validate
                  ├─ review    → citations
                  └─ validate  → citations
                  citations    → (end)

                """)
    }

    @Test("the text tells choices, loops, failures and ends apart")
    func plainSupport() throws {
        #expect(
            try support().plainText() == """
                support         → classify, log
                  ├─ classify   ⇢ plan, apology
                  │  plan       → search, fetch
                  │  ├─ search  → write
                  │  └─ fetch   → read  ✗→ apology
                  │     read    → write
                  │  write      → check
                  │  check      ⇢ publish, (end)  ↺ plan, write  ✗↺ check
                  │  apology    → (end)
                  └─ log        → publish
                  publish       → (end)

                """)
    }

    @Test("branches within branches, dashed where only a choice or a failure leads there")
    func plainNested() throws {
        let graph = try builder("nested", ["a", "b", "c", "d", "e", "f"])
            .start("a").route("a", to: ["b", "c"]) { nil }.onError("a", to: "d")
            .edge("b", to: "e").edge("c", to: "e").edge("d", to: "f").edge("e", to: "f").end("f").build()
        #expect(
            graph.plainText() == """
                nested     → a
                  a        ⇢ b, c  ✗→ d
                  ├╌─┬╌ b  → e
                  │  └╌ c  → e
                  │  e     → f
                  └╌ d     → f
                  f        → (end)

                """)
    }

    @Test("Mermaid's text of a graph")
    func mermaidReport() throws {
        #expect(
            try report().mermaid() == """
                flowchart TD
                    start(("start"))
                    n0["research"]
                    n1["draft"]
                    n2["review"]
                    n3["validate"]
                    n4["citations"]
                    stop(("end"))
                    start --> n0
                    n0 --> n1
                    n1 --> n2
                    n1 --> n3
                    n2 --> n4
                    n3 --> n4
                    n4 --> stop

                """)
    }

    @Test("Mermaid's arrows tell choices, loops, failures and ends apart")
    func mermaidSupport() throws {
        let links = try support().mermaid().split(separator: "\n").dropFirst(13).map { $0.dropFirst(4) }
        #expect(
            links == [
                "start --> n0", "start --> n9", "n0 -.-> n1", "n0 -.-> n7", "n1 --> n2", "n1 --> n3", "n2 --> n5",
                "n3 --> n4", "n3 -.->|\"error\"| n7", "n4 --> n5", "n5 --> n6", "n6 -.->|\"again\"| n1", "n6 -.-> n8",
                "n6 -.->|\"again\"| n5", "n6 -.->|\"error, again\"| n6", "n9 --> n8", "n6 -.-> stop", "n7 --> stop",
                "n8 --> stop", "linkStyle 8,14 stroke:#b3261e",
            ])
    }

    // MARK: Graphs inside nodes

    /// A graph inside another inside a branch, a question, a list, a list of graphs, a deferred node.
    private func layered() throws -> Graph<Board, Never> {
        let rating = try builder("rating", ["rate"]).start("rate").end("rate").build()
        let review = try builder("review", ["look"])
            .graph("rating", rating, reads: \.plain, writes: \.plain, enter: { Board(plain: $0) }, leave: { $0.plain })
            .start("look").edge("look", to: "rating").end("rating").build()
        return try builder("layered", ["plan", "notes"])
            .graph("review", review, reads: \.plain, writes: \.plain, enter: { Board(plain: $0) }, leave: { $0.plain })
            .ask("approve", writes: \.text) { "?" }
            .map("each", over: \.items, writes: \.mapped, limit: 2) { _, item in item }
            .map(
                "deep", over: \.items, rating, writes: \.log, limit: 2, enter: { Board(plain: $0) },
                leave: { $0.plain }
            )
            .deferred("notes").start("plan").edge("plan", to: "review", "approve", "notes")
            .edge("review", to: "each").edge("approve", to: "each").edge("each", to: "deep").end("deep", "notes")
            .build()
    }

    @Test("a graph inside a node stands below its line, and what a node is at the end of it")
    func plainLayered() throws {
        let heard: [RunEvent<String>] = [
            .nodeStarted(node: "review", round: 1), .nodeStarted(node: "review/look", round: 1),
            .nodeFinished(node: "review/look", round: 1, duration: .milliseconds(3)),
            .nodeStarted(node: "review/rating/rate", round: 1), .nodeStarted(node: "deep[0]/rate", round: 1),
        ]
        let text = try layered().plainText(of: tally(heard))
        #expect(
            text == """
                … layered                   → plan
                    plan                    → review, approve, notes
                    ├─ notes                → (end)  deferred
                …   └──┬─ review            → each  graph
                ✓      │  ┊ look    3.0 ms  → rating
                       │  ┊ rating          → (end)  graph
                …      │  ┊ ┊ rate          → (end)
                       └─ approve           → each  asks
                       each                 → deep  each
                       deep                 → (end)  each: graph
                       ┊ rate               → (end)

                """)
    }

    @Test("Mermaid's text of a graph inside a node is a subgraph of the same id")
    func mermaidLayered() throws {
        let text = try layered().mermaid(of: tally([.nodeStarted(node: "review/look", round: 1)]))
        #expect(
            text == """
                flowchart TD
                    start(("start"))
                    n0["plan"]
                    n1(["notes"])
                    subgraph n2["review"]
                        n2_start(("start"))
                        n2_0["look<br/>…"]
                        subgraph n2_1["rating"]
                            n2_1_start(("start"))
                            n2_1_0["rate"]
                            n2_1_stop(("end"))
                            n2_1_start --> n2_1_0
                            n2_1_0 --> n2_1_stop
                        end
                        n2_stop(("end"))
                        n2_start --> n2_0
                        n2_0 --> n2_1
                        n2_1 --> n2_stop
                    end
                    n3{{"approve"}}
                    n4[["each"]]
                    subgraph n5["deep<br/>for each"]
                        n5_start(("start"))
                        n5_0["rate"]
                        n5_stop(("end"))
                        n5_start --> n5_0
                        n5_0 --> n5_stop
                    end
                    stop(("end"))
                    start --> n0
                    n0 --> n2
                    n0 --> n3
                    n0 --> n1
                    n2 --> n4
                    n3 --> n4
                    n4 --> n5
                    n1 --> stop
                    n5 --> stop
                    classDef running fill:#dbeafe,stroke:#1d4ed8,color:#172554
                    class n2_0 running

                """)
    }

    // MARK: A run

    private func tally(_ events: [RunEvent<String>]) -> RunTally {
        var tally = RunTally()
        for event in events { tally.note(event) }
        return tally
    }

    private let broken: [RunEvent<String>] = [
        .nodeStarted(node: "research", round: 1),
        .emitted(node: "research", "found"),
        .nodeFinished(node: "research", round: 1, duration: .milliseconds(2412)),
        .nodeStarted(node: "research", round: 2),
        .nodeFinished(node: "research", round: 2, duration: .milliseconds(9)),
        .nodeStarted(node: "draft", round: 1),
        .nodeFinished(node: "draft", round: 1, duration: .milliseconds(725_400)),
        .nodeStarted(node: "review", round: 1),
        .nodeStarted(node: "validate", round: 1),
        .nodeFailed(
            node: "validate", round: 1, duration: .microseconds(520_300), error: CodedError(.providerTimeout, "late")),
    ]

    @Test("a run is drawn onto the text while it goes on")
    func plainRun() throws {
        #expect(
            try report().plainText(of: tally(broken + [.nodeSkipped(node: "citations")])) == """
                … report                      → research
                ✓   research     ×2   2.42 s  → draft
                ✓   draft            12m 05s  → review, validate
                …   ├─ review                 → citations
                ✗   └─ validate       520 ms  → citations  (provider_timeout)
                –   citations                 → (end)

                """)
    }

    @Test("a run is drawn onto Mermaid's text, what it left running as cancelled")
    func mermaidRun() throws {
        let text = try report().mermaid(of: tally(broken + [.failed(node: "validate", error: Broken(node: 3))]))
        let lines = text.split(separator: "\n").map { $0.drop { $0 == " " } }
        #expect(
            lines[2...6] == [
                "n0[\"research<br/>✓ 2.42 s ×2\"]", "n1[\"draft<br/>✓ 12m 05s\"]", "n2[\"review<br/>⊘\"]",
                "n3[\"validate<br/>✗ 520 ms\"]", "n4[\"citations\"]",
            ])
        #expect(
            lines.filter { $0.hasPrefix("class ") } == [
                "class n0,n1 finished", "class n3 failed", "class n2 cancelled",
            ]
        )
        #expect(lines.filter { $0.hasPrefix("classDef ") }.count == 3)
    }

    @Test("the tally of a real run says what ran, what was skipped and how it ended")
    func realRun() async throws {
        let stream = RunEventStream<String>(capacity: 64)
        let graph = try boardBuilder(String.self)
            .node("a", reads: \.plain, writes: \.plain) { _, plain in plain + 1 }
            .node("b") { _ in throw Broken(node: 1) }
            .node("c") { _ in }
            .node("d") { _ in }
            .route("a", reads: \.plain, to: ["a", "b", "c"]) { $0 < 3 ? "a" : "b" }.onError("b", to: "d")
            .start("a").end("b", "c", "d").build()
        _ = try await Runner(graph, time: FixedTime(step: 1_000_000))
            .run(Board(), context: makeContext(), events: stream)
        var tally = RunTally()
        while let event = await stream.next() { tally.note(event) }
        #expect(tally.outcome == .finished)
        #expect(tally.nodes["a"]?.activations == 3)
        #expect(try #require(tally.nodes["a"]).duration >= .milliseconds(3))
        #expect(tally.nodes["b"]?.outcome == .failed)
        #expect(tally.nodes["b"]?.failure == .internalError)
        #expect(tally.nodes.mapValues(\.outcome) == ["a": .finished, "b": .failed, "c": .skipped, "d": .finished])
    }

    @Test("no event, however absurd, stops the tally")
    func absurdEvents() throws {
        let longest = Duration(attoseconds: .max)
        var tally = tally([
            .nodeStarted(node: "nobody", round: .max), .nodeFinished(node: "draft", round: .min, duration: longest),
            .nodeFinished(node: "draft", round: -1, duration: longest),
            .nodeFinished(node: "review", round: 0, duration: Duration(attoseconds: .min)),
        ])
        #expect(tally.nodes["draft"]?.duration == .nanoseconds(Int64.max))
        #expect(tally.nodes["review"]?.duration == .zero)
        tally.note(RunEvent<Never>.cancelled)
        #expect(tally.nodes["nobody"]?.outcome == .cancelled)
        #expect(try report().plainText(of: tally).contains("2562047h 47m  → review"))
        #expect(try !report().mermaid(of: tally).contains("nobody"))
    }

    @Test(
        "times have about three digits",
        arguments: [
            (0, "0.0 ms"), (99, "0.0 ms"), (4_290, "4.2 ms"), (10_000, "10 ms"), (999_999, "999 ms"),
            (1_000_000, "1.00 s"), (99_999_999, "99.99 s"), (100_000_000, "1m 40s"), (3_599_999_999, "59m 59s"),
            (11_220_000_000, "3h 07m"), (-5, "0.0 ms"),
        ])
    func durations(microseconds: Int64, text: String) {
        #expect(DrawnText.duration(.microseconds(microseconds)) == text)
    }
}
