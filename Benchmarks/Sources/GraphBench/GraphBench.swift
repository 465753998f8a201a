import Base
import Foundation
import Graph
import JSON

/// What the engine itself costs: no-op nodes in sequence and beside one another, with a context that has a deadline and
/// without a listener. Prints one JSON object; medians of `rounds` rounds. Run it in release, on an idle machine.
@main
struct GraphBench {
    static let rounds = 15

    static func main() async throws { try await measure() }

    /// Away from the main executor, where every await would hop.
    @concurrent
    static func measure() async throws {
        let chain = try Runner(sequence(1000), time: SystemClock(), limits: RunLimits(activations: 10_000))
        let fan100 = try Runner(fanOut(100), time: SystemClock(), limits: RunLimits(activations: 10_000))
        let fan1000 = try Runner(fanOut(1000), time: SystemClock(), limits: RunLimits(activations: 10_000))
        let summing = try Runner(
            fanOut(100, summing: true), time: SystemClock(), limits: RunLimits(activations: 10_000))
        let waiting = try Runner(
            fanOut(100, waiting: true), time: SystemClock(), limits: RunLimits(activations: 10_000))
        let build = try median { _ = try Self.sequence(1000) } / 1_000_000
        let buildRing = try median { _ = try Self.sequence(1000, isRing: true) } / 1_000_000
        let buildFan = try median { _ = try Self.fanOut(1000, summing: true) } / 1_000_000
        let buildLoops = try median { _ = try Self.loops(333) } / 1_000_000
        let buildChoices = try median { _ = try Self.choices(333) } / 1_000_000

        let sequence = try await median(of: chain, runs: 20) / 1000
        let branch100 = try await median(of: fan100, runs: 100) / 100 / 1000
        let branch1000 = try await median(of: fan1000, runs: 10) / 1000 / 1000
        let floor100 = try await median(ofTasks: 100)
        let summing100 = try await median(of: summing, runs: 100) / 100 / 1000
        let waiting100 = try await median(of: waiting, runs: 100) / 100 / 1000
        let emit = try await emitting()
        let kept = try await keeping(1000) / 1000 / 1000
        let parked = try await parkedBytes()
        print(
            """
            {"sequence_ns_per_node": \(rounded(sequence)), "fanout100_us_per_branch": \(rounded(branch100)), \
            "fanout1000_us_per_branch": \(rounded(branch1000)), "fanout100_sum_us_per_branch": \(rounded(summing100)), \
            "fanout100_waiting_us_per_branch": \(rounded(waiting100)), \
            "floor_us_per_child_task": \(rounded(floor100)), \
            "emit_ns_per_event": \(rounded(emit)), "build1000_ms": \(rounded(build)), \
            "build1000_loop_ms": \(rounded(buildRing)), "build1000_fanout_ms": \(rounded(buildFan)), \
            "build1000_loops_ms": \(rounded(buildLoops)), "build1000_choices_ms": \(rounded(buildChoices)), \
            "kept_us_per_node": \(rounded(kept)), "parked_bytes_per_run": \(parked)}
            """)
    }

    struct BenchState: Codable, Sendable {
        var counter = 0
        var total = 0
    }

    /// Each node reads and writes one field.
    static func sequence(_ count: Int, isRing: Bool = false) throws -> Graph<BenchState, Never> {
        let builder = GraphBuilder<BenchState, Never>("sequence")
        for index in 0..<count {
            builder.node("n\(index)", reads: \.counter, writes: \.counter) { _, counter in counter + 1 }
            if index > 0 { builder.edge("n\(index - 1)", to: "n\(index)") }
        }
        if isRing { builder.route("n\(count - 1)", reads: \.counter, to: ["n0"]) { $0 < 0 ? "n0" : nil } }
        return try builder.start("n0").end("n\(count - 1)").build()
    }

    /// Loops of three nodes, one after another.
    static func loops(_ count: Int) throws -> Graph<BenchState, Never> {
        let builder = GraphBuilder<BenchState, Never>("loops")
        for loop in 0..<count {
            for part in ["a", "b", "c"] {
                builder.node("\(part)\(loop)", reads: \.counter, writes: \.counter) { _, counter in counter + 1 }
            }
            let next = loop == count - 1 ? [] : ["a\(loop + 1)"]
            builder.edge("a\(loop)", to: "b\(loop)").edge("b\(loop)", to: "c\(loop)")
                .route("c\(loop)", reads: \.counter, to: ["a\(loop)"] + next) { $0 < 0 ? "a\(loop)" : next.first }
        }
        return try builder.start("a0").end("c\(count - 1)").build()
    }

    /// Choices between two nodes that write the same field, beside one another.
    static func choices(_ count: Int) throws -> Graph<BenchState, Never> {
        let builder = GraphBuilder<BenchState, Never>("choices").field(\.total, .sum)
        builder.node("split") { _ in }
        builder.node("join", reads: \.total) { _, _ in }
        for choice in 0..<count {
            builder.node("c\(choice)", reads: \.counter) { _, _ in }
            for part in ["l", "r"] {
                builder.node("\(part)\(choice)", reads: \.counter, writes: \.total) { _, counter in counter }
                    .edge("\(part)\(choice)", to: "join")
            }
            builder.edge("split", to: "c\(choice)")
                .route("c\(choice)", reads: \.counter, to: ["l\(choice)", "r\(choice)"]) {
                    $0 > 0 ? "l\(choice)" : "r\(choice)"
                }
        }
        return try builder.start("split").end("join").build()
    }

    /// One node, `width` branches that read one field, one join.
    static func fanOut(
        _ width: Int, summing: Bool = false, waiting: Bool = false
    ) throws -> Graph<BenchState, Never> {
        let builder = GraphBuilder<BenchState, Never>("fan-out").field(\.total, .sum)
        builder.node("split", reads: \.counter, writes: \.counter) { _, counter in counter + 1 }
        builder.node("join", reads: \.total, writes: \.counter) { _, total in total }
        for index in 0..<width {
            if summing {
                builder.node("b\(index)", reads: \.counter, writes: \.total) { _, counter in counter }
            } else if waiting {
                builder.node("b\(index)", reads: \.counter) { _, _ in await Task.yield() }
            } else {
                builder.node("b\(index)", reads: \.counter) { _, _ in }
            }
            builder.edge("split", to: "b\(index)").edge("b\(index)", to: "join")
        }
        return try builder.start("split").end("join").build()
    }

    /// What no engine that runs each branch as a task can do without, in microseconds a task: a group of child tasks
    /// that begin at once and do nothing.
    static func median(ofTasks width: Int) async throws -> Double {
        let clock = SystemClock()
        var samples: [Double] = []
        for _ in 0..<rounds {
            let start = clock.now()
            for _ in 0..<100 {
                await withTaskGroup(of: Int.self) { group in
                    for number in 0..<width { group.addImmediateTask { number } }
                    while await group.next() != nil {}
                }
            }
            samples.append(Double(clock.now().since(start).saturatingNanoseconds))
        }
        return samples.sorted()[rounds / 2] / 100 / Double(width) / 1000
    }

    /// Nanoseconds a run whose every step is kept in memory.
    static func keeping(_ count: Int) async throws -> Double {
        let clock = SystemClock()
        let graph = try sequence(count)
        var samples: [Double] = []
        for _ in 0..<rounds {
            let runner = try DurableRunner(
                graph, checkpointer: MemoryCheckpointer(), time: clock, limits: RunLimits(activations: count))
            let start = clock.now()
            _ = try await runner.start(BenchState(), context: context())
            samples.append(Double(clock.now().since(start).saturatingNanoseconds))
        }
        return samples.sorted()[rounds / 2]
    }

    /// What the process has grown by for each of many runs that wait for an answer.
    static func parkedBytes() async throws -> Int {
        let graph = try GraphBuilder<BenchState, Never>("ask")
            .node("first", writes: \.counter) { _ in 1 }
            .ask("second", reads: \.counter, writes: \.total) { .int(Int64($0)) }
            .start("first").edge("first", to: "second").end("second").build()
        let runner = try DurableRunner(graph, checkpointer: MemoryCheckpointer(), time: SystemClock())
        let count = 20_000
        let before = residentBytes()
        for index in 0..<count {
            let context = RunContext(
                requestID: "req", runID: "run_\(index)", scope: .local,
                trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
            _ = try await runner.start(BenchState(), context: context)
        }
        let grown = residentBytes() - before
        _ = try await runner.questions(of: RunKey(.local, "run_0"))
        return grown / count
    }

    /// Linux tells it in pages of 4 KB.
    static func residentBytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }

    /// Nanoseconds an event from a node's `emit` to the consumer's `next`, through a stream of 64; both on one executor, as
    /// on a server's loop.
    @MainActor
    static func emitting() async throws -> Double {
        let count = 100_000
        let graph = try GraphBuilder<BenchState, Int>("emit")
            .node("emit") { context in for index in 0..<count { try await context.emit(index) } }
            .start("emit").end("emit").build()
        let runner = Runner(graph, time: SystemClock())
        let clock = SystemClock()
        var samples: [Double] = []
        for _ in 0..<rounds {
            let stream = RunEventStream<Int>(capacity: 64)
            let start = clock.now()
            let run = Task { try await runner.run(BenchState(), context: context(), events: stream) }
            while await stream.next() != nil {}
            _ = try await run.value
            samples.append(Double(clock.now().since(start).saturatingNanoseconds) / Double(count))
        }
        return samples.sorted()[rounds / 2]
    }

    static func context() -> RunContext {
        RunContext(
            requestID: "req_1", runID: "run_1", scope: .local,
            deadline: SystemClock().now().advanced(by: .seconds(600)),
            trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
    }

    /// Nanoseconds a run.
    static func median(of runner: Runner<BenchState, Never>, runs: Int) async throws -> Double {
        let clock = SystemClock()
        let context = context()
        var samples: [Double] = []
        for _ in 0..<rounds {
            let start = clock.now()
            for _ in 0..<runs { _ = try await runner.run(BenchState(), context: context) }
            samples.append(Double(clock.now().since(start).saturatingNanoseconds) / Double(runs))
        }
        return samples.sorted()[rounds / 2]
    }

    static func median(_ body: () throws -> Void) rethrows -> Double {
        let clock = SystemClock()
        var samples: [Double] = []
        for _ in 0..<rounds {
            let start = clock.now()
            try body()
            samples.append(Double(clock.now().since(start).saturatingNanoseconds))
        }
        return samples.sorted()[rounds / 2]
    }

    static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
