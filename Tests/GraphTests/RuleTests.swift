import Base
import Testing

@testable import Graph

/// Each sentence of what a graph means, on the smallest graph that shows it.
@Suite struct RuleTests {
    @Test("a node gets what it reads, and what it returns is written")
    func sequence() async throws {
        let graph = try boardBuilder()
            .node("a", reads: \.plain, writes: \.plain) { _, plain in plain &+ 1 }
            .node("b", reads: \.plain, \.text, writes: \.text, \.last) { _, plain, text in
                ("\(plain)\(text ?? "-")", plain * 10)
            }
            .node("c", reads: \.plain, \.text, \.last, \.sum, writes: \.log) { _, plain, text, last, sum in
                [plain, text == nil ? 0 : 1, last, sum]
            }
            .start("a").edge("a", to: "b").edge("b", to: "c").end("c")
            .build()
        let board = try await run(graph, from: Board(plain: 4))
        #expect(board.plain == 5)
        #expect(board.text == "5-")
        #expect(board.log == [5, 1, 50, 0])
    }

    @Test("branches merge in declaration order, whichever finishes first")
    func declarationOrder() async throws {
        let second = Signal()
        let graph = try boardBuilder()
            .node("split") { _ in }
            .node("slow", writes: \.log, \.last, \.product) { _ in
                try await second.wait()
                return ([1], 1, 2)
            }
            .node("quick", writes: \.log, \.last, \.product) { _ in
                second.give()
                return ([2], 2, 3)
            }
            .node("join", reads: \.log, writes: \.text) { _, log in "\(log)" }
            .start("split").edge("split", to: "slow", "quick").edge("slow", to: "join").edge("quick", to: "join")
            .end("join")
            .build()
        let board = try await run(graph)
        #expect(board.log == [1, 2])
        #expect(board.last == 2)
        #expect(board.product == 6)
        #expect(board.text == "[1, 2]")
    }

    @Test("a write comes after those that its node waits for, even when it was declared first")
    func causalOrder() async throws {
        let graph = try boardBuilder()
            .node("late", writes: \.log) { _ in [3] }
            .node("beside", writes: \.log) { _ in [2] }
            .node("early", writes: \.log) { _ in [1] }
            .start("early", "beside").edge("early", to: "late").end("late", "beside")
            .build()
        #expect(try await run(graph).log == [2, 1, 3])
    }

    @Test("a join runs once for all of its branches; a branch not taken doesn't hold it up")
    func joins() async throws {
        for chosen: Set<String> in [["b"], ["b", "c"], ["b", "c", "d"]] {
            let graph = try boardBuilder()
                .node("a") { _ in }
                .node("b", writes: \.log) { _ in [1] }
                .node("c", writes: \.log) { _ in [2] }
                .node("d", writes: \.log) { _ in [3] }
                .node("join", reads: \.log, writes: \.plain) { _, log in log.count }
                .routeSeveral("a", to: ["b", "c", "d"]) { chosen }
                .edge("b", to: "join").edge("c", to: "join").edge("d", to: "join")
                .start("a").end("join")
                .build()
            #expect(try await run(graph).plain == chosen.count)
        }
    }

    @Test("skips propagate: a node all of whose inputs were skipped is skipped, and the run has then missed its end")
    func allSkipped() async throws {
        let graph = try boardBuilder()
            .node("a") { _ in }
            .node("b") { _ in }
            .node("c", writes: \.plain) { _ in 1 }
            .node("other", writes: \.text) { _ in "other" }
            .route("a", to: ["b", "other"]) { "other" }
            .edge("b", to: "c").start("a").end("c", "other")
            .build()
        let board = try await run(graph)
        #expect(board == Board(text: "other"))

        let lost = try boardBuilder()
            .node("a") { _ in }.node("b") { _ in }
            .route("a", to: ["b"]) { nil }.start("a").end("b").build()
        let error = await #expect(throws: CodedError.self) { try await run(lost) }
        #expect(error?.message == "The graph \"board\" is over without having reached an end.")
    }

    enum Next: String, CaseIterable { case again, done }

    @Test("a route goes round a loop until it chooses the way out, and typed targets are the cases of an enum")
    func loop() async throws {
        let graph = try boardBuilder()
            .node("again", reads: \.plain, writes: \.plain) { _, plain in plain &+ 1 }
            .node("done", reads: \.plain, writes: \.text) { _, plain in "\(plain)" }
            .route("again", reads: \.plain, to: Next.self) { $0 < 10 ? .again : .done }
            .start("again").end("done")
            .build()
        #expect(try await run(graph).text == "10")
    }

    enum Part: String, CaseIterable { case left, right, middle }

    @Test("a route to several typed targets starts those that it picks, in declaration order")
    func severalTypedTargets() async throws {
        let graph = try boardBuilder()
            .node("split") { _ in }
            .node("left", writes: \.log) { _ in [1] }
            .node("middle", writes: \.log) { _ in [2] }
            .node("right", writes: \.log) { _ in [3] }
            .routeSeveral("split", to: Part.self) { [.right, .left] }
            .start("split").end("left", "middle", "right")
            .build()
        #expect(try await run(graph).log == [1, 3])
    }

    @Test("what leaves a loop waits until the loop is over, and then runs once")
    func leavingALoop() async throws {
        let graph = try boardBuilder()
            .node("head", reads: \.plain, writes: \.plain) { _, plain in plain &+ 1 }
            .node("body", writes: \.log) { _ in [1] }
            .node("aside", reads: \.plain, \.log, writes: \.text) { _, plain, log in "\(plain) \(log)" }
            .edge("head", to: "body")
            .routeSeveral("body", reads: \.plain, to: ["head", "aside"]) { $0 < 3 ? ["head", "aside"] : [] }
            .start("head").end("aside")
            .build()
        #expect(try await run(graph).text == "3 [1, 1, 1]")
    }

    @Test("a loop merges round by round, and as a whole at its place")
    func loopsMerge() async throws {
        let graph = try boardBuilder()
            .node("first", writes: \.log) { _ in [0] }
            .node("head", reads: \.plain, writes: \.plain) { _, plain in plain &+ 1 }
            .node("left", reads: \.plain, writes: \.log) { _, plain in [plain * 10 + 1] }
            .node("right", reads: \.plain, writes: \.log) { _, plain in
                await Task.yield()
                return [plain * 10 + 2]
            }
            .node("tail") { _ in }
            .node("last", writes: \.log) { _ in [99] }
            .node("end", reads: \.log) { _, _ in }
            .edge("head", to: "left", "right").edge("left", to: "tail").edge("right", to: "tail")
            .route("tail", reads: \.plain, to: ["head", "end"]) { $0 < 3 ? "head" : "end" }
            .edge("first", to: "end").edge("last", to: "end")
            .start("first", "head", "last").end("end")
            .build()
        #expect(try await run(graph).log == [0, 11, 12, 21, 22, 31, 32, 99])
    }

    @Test("an error cancels the branches beside it and is passed on as it was thrown")
    func errorCancelsSiblings() async throws {
        let notes = Notes()
        let isWaiting = Signal()
        let graph = try boardBuilder()
            .node("waits", writes: \.log) { _ in
                isWaiting.give()
                do { try await Signal().wait() } catch { notes.add("cancelled") }
                return [1]
            }
            .node("breaks") { _ in
                try await isWaiting.wait()
                throw Broken(node: 7)
            }
            .node("after", writes: \.plain) { _ in
                notes.add("after ran")
                return 1
            }
            .edge("waits", to: "after").start("waits", "breaks").end("breaks", "after")
            .build()
        let error = await #expect(throws: Broken.self) { try await run(graph) }
        #expect(error == Broken(node: 7))
        #expect(notes.all == ["cancelled"])
    }

    @Test("with an onError edge the others finish, nothing of the broken node is written, and the error is noted")
    func onError() async throws {
        let graph = try boardBuilder()
            .node("breaks", writes: \.log) { _ in throw CodedError(.overloaded, "No room.") }
            .node("goes on", writes: \.log) { _ in [2] }
            .node("normal", writes: \.text) { _ in "normal" }
            .node("instead", reads: \.error, writes: \.text) { _, error in error?.message }
            .node("join", reads: \.log, \.text, writes: \.plain) { _, log, _ in log.count }
            .edge("breaks", to: "normal").onError("breaks", to: "instead", recording: \.error)
            .edge("goes on", to: "join").edge("normal", to: "join").edge("instead", to: "join")
            .start("breaks", "goes on").end("join")
            .build()
        let board = try await run(graph)
        #expect(board.log == [2])
        #expect(board.text == "No room.")
        #expect(board.plain == 1)
    }

    @Test("nothing comes between the writes of a loop, and what follows it keeps its place")
    func afterALoop() async throws {
        let graph = try boardBuilder()
            .node("go") { _ in }
            .node("after", writes: \.log) { _ in [1] }
            .node("head", writes: \.log) { _ in [2] }
            .node("beside", writes: \.log) { _ in [3] }
            .node("body", reads: \.plain, writes: \.log, \.plain) { _, plain in ([4], plain + 1) }
            .edge("go", to: "head", "beside").edge("head", to: "body")
            .route("body", reads: \.plain, to: ["head", "after"]) { $0 < 2 ? "head" : "after" }
            .start("go").end("after", "beside").build()
        #expect(try await run(graph).log == [2, 4, 2, 4, 1, 3])
    }

    @Test("several ends may be passed in one run")
    func severalEnds() async throws {
        let graph = try boardBuilder()
            .node("a", writes: \.log) { _ in [1] }.node("b", writes: \.log) { _ in [2] }
            .start("a", "b").end("a", "b").build()
        #expect(try await run(graph).log == [1, 2])
    }

    @Test("the limit counts activations, and its error names the node")
    func activationLimit() async throws {
        let graph = try boardBuilder()
            .node("spin", writes: \.sum) { _ in 1 }.node("out") { _ in }
            .route("spin", reads: \.sum, to: ["spin", "out"]) { $0 < 10 ? "spin" : "out" }
            .start("spin").end("out").build()
        #expect(try await run(graph, limit: 11).sum == 10)
        let error = await #expect(throws: CodedError.self) { try await run(graph, limit: 10) }
        #expect(error?.code == .activationLimit)
        #expect(error?.detail == "10 activations, before node \"out\"")
    }

    @Test("no node starts after the deadline")
    func deadline() async throws {
        let time = FixedTime(100)
        let graph = try boardBuilder()
            .node("a") { context in
                #expect(context.run.deadline == Instant(nanoseconds: 200))
                time.advance(by: 100)
            }
            .node("b") { _ in Issue.record("b must not start") }
            .edge("a", to: "b").start("a").end("b").build()
        let error = await #expect(throws: CodedError.self) {
            try await Runner(graph, time: time).run(
                Board(), context: makeContext(deadline: Instant(nanoseconds: 200)))
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(error?.detail == "graph \"board\", before node \"b\"")
    }

    @Test("a route that names a node outside of its targets fails its node")
    func unknownTarget() async throws {
        let graph = try boardBuilder()
            .node("a") { _ in }.node("b") { _ in }
            .route("a", to: ["b"]) { "c" }.start("a").end("b").build()
        let error = await #expect(throws: CodedError.self) { try await run(graph) }
        #expect(error?.detail == "\"a\" chose \"c\", which is not among its routes")
    }

    @Test("a deferred node waits for all that does not come after it, and two of them never for each other")
    func deferred() async throws {
        let log = Notes()
        let builder = boardBuilder()
        for name in ["s", "a", "b", "late", "later", "after"] {
            builder.node(name) { context in
                for _ in 0..<name.count { await Task.yield() }
                log.add(context.name)
            }
        }
        let graph = try builder.start("s").edge("s", to: "late", "later", "a").edge("a", to: "b")
            .edge("late", to: "after").deferred("late", "later").end("b", "later", "after").build()
        _ = try await run(graph)
        #expect(log.all.prefix(3) == ["s", "a", "b"])
        #expect(Set(log.all.dropFirst(3)) == ["late", "later", "after"])

        let crossed = try boardBuilder().node("d1") { _ in }.node("d2") { _ in }.node("o1") { _ in }.node("o2") { _ in }
            .start("d1", "d2", "o1", "o2").edge("d1", to: "o2").edge("d2", to: "o1").deferred("d1", "d2")
            .end("o1", "o2").build()
        _ = try await run(crossed)
    }
}
