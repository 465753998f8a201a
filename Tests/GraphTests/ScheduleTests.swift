import Base
import Foundation
import Testing

@testable import Graph

/// The same graph under many schedules: the result may depend on nothing else than the graph.
@Suite struct ScheduleTests {
    /// More of them with `GRAPH_SCHEDULES`, for the slow proof.
    static let seeds = ProcessInfo.processInfo.environment["GRAPH_SCHEDULES"].flatMap { UInt64($0) } ?? 1000

    struct Trace: Equatable {
        var board: Board?
        var outcome: GraphMachine.Outcome?
        var log: [String] = []
        var started: [Int] = []
        var skipped: Set<Int> = []
    }

    /// Drives the machine alone, with nodes that finish in an order drawn from the seed.
    private func simulate(
        _ random: RandomGraph, schedule: UInt64, cancelAfter: Int? = nil, logged: Bool = false
    ) async throws -> Trace {
        var generator = SeededGenerator(seed: schedule)
        let graph = try random.build(rounds: Rounds(random.count))
        let environment = RunEnvironment<Never>(
            context: makeContext(), names: graph.nodeNames, hearing: nil, time: FixedTime(),
            limits: RunLimits(activations: 500))
        var machine = GraphMachine(graph.topology, activationLimit: 500, deadline: nil)
        var store = StateStore(Board(), heldFields: graph.heldFields)
        var running: [(node: Int, work: Work<Board>)] = []
        var trace = Trace()
        var events: [GraphMachine.Event] = [.begin]
        var update: Update<Board>?
        var failure: (any Error)?
        var steps = 0
        while trace.outcome == nil {
            let event: GraphMachine.Event
            if let next = events.popLast() {
                event = next
            } else if steps == cancelAfter {
                event = .cancel
            } else {
                try #require(!running.isEmpty, "nothing is at work, and the run has not ended")
                let (node, work) = running.remove(at: Int(generator.next() % UInt64(running.count)))
                do {
                    update = try await work()
                    event = .succeeded(node)
                } catch {
                    failure = error
                    event = .failed(node)
                }
            }
            steps += 1
            var commands: [GraphMachine.Command] = []
            let rounds = machine.rounds
            machine.handle(event, now: nil, into: &commands)
            if logged { trace.log.append("\(event) → \(commands)") }
            for command in commands {
                switch command {
                case .start(let node):
                    trace.started.append(node)
                    store.fold(graph.nodes[node].heldReads)
                    let context = NodeContext(environment: environment, node: node, activation: 1)
                    running.append((node, graph.nodes[node].prepare(store.value, context)))
                case .apply: update?(&store, rounds)
                case .decide(let node):
                    events.append(.decided(node, try graph.nodes[node].decide?(store.value) ?? .nowhere))
                case .skip(let node): trace.skipped.insert(node)
                case .end(let outcome): trace.outcome = outcome
                case .recover(let node):
                    guard let failure else { continue }
                    for record in graph.nodes[node].records { record(&store, rounds, failure) }
                case .cancelBranches: break
                }
            }
        }
        store.foldAll()
        trace.board = store.value
        return trace
    }

    @Test("graphs without cycles: what the reference model says, whatever the schedule")
    func acyclic() async throws {
        var outcomes: [String: Int] = [:]
        for seed in 0..<Self.seeds {
            let random = RandomGraph.acyclic(seed: seed)
            let model = ReferenceModel(random)
            for schedule in 0..<3 {
                let trace = try await simulate(random, schedule: seed &* 31 &+ UInt64(schedule))
                switch trace.outcome {
                case .failed(let node):
                    try #require(model.unhandled.contains(node), "seed \(seed)")
                    outcomes["failed", default: 0] += 1
                    continue
                case .finished: try #require(model.passedEnd, "seed \(seed)")
                case .noEndReached: try #require(!model.passedEnd, "seed \(seed)")
                default: Issue.record("seed \(seed): \(String(describing: trace.outcome))")
                }
                outcomes["settled", default: 0] += 1
                try #require(model.unhandled.isEmpty, "seed \(seed)")
                try #require(trace.board == model.board, "seed \(seed)")
                try #require(Set(trace.started) == model.ran && trace.started.count == model.ran.count, "seed \(seed)")
                try #require(trace.skipped == Set(0..<random.count).subtracting(model.ran), "seed \(seed)")
            }
        }
        #expect(
            outcomes["failed", default: 0] > Int(Self.seeds / 100) && outcomes["settled", default: 0] > Int(Self.seeds))
    }

    @Test("graphs with loops: what the model of loops says, whatever the schedule")
    func cyclic() async throws {
        var (again, nested) = (0, 0)
        for seed in 0..<Self.seeds {
            let random = RandomGraph.cyclic(seed: seed)
            if (try? random.build(rounds: Rounds(random.count))) == nil { continue }
            let model = LoopModel(random)
            for schedule in 1..<6 {
                let trace = try await simulate(random, schedule: seed &* 31 &+ UInt64(schedule))
                if case .failed(let node) = trace.outcome {
                    try #require(model.unhandled.contains(node), "seed \(seed)")
                    continue
                }
                try #require(model.unhandled.isEmpty, "seed \(seed)")
                try #require(trace.outcome == (model.passedEnd ? .finished : .noEndReached), "seed \(seed)")
                try #require(trace.board == model.board, "seed \(seed)")
                var counts = Array(repeating: 0, count: random.count)
                for node in trace.started { counts[node] += 1 }
                try #require(counts == model.counts, "seed \(seed)")
                try #require(trace.skipped == Set(counts.indices.filter { counts[$0] == 0 }), "seed \(seed)")
            }
            if model.unhandled.isEmpty, model.counts.contains(where: { $0 > 1 }) {
                again += 1
                if model.loopsInLoops { nested += 1 }
            }
        }
        #expect(again > Int(Self.seeds / 10) && nested > Int(Self.seeds / 50))
    }

    @Test("graphs without loops: both models say the same")
    func models() {
        for seed in 0..<(Self.seeds / 5) {
            let random = RandomGraph.acyclic(seed: seed)
            for isKept in [false, true] {
                let (plain, looping) = (ReferenceModel(random, isKept: isKept), LoopModel(random, isKept: isKept))
                #expect(plain.board == looping.board && plain.passedEnd == looping.passedEnd, "seed \(seed)")
                #expect(plain.unhandled == looping.unhandled, "seed \(seed)")
                #expect(plain.ran == Set(looping.counts.indices.filter { looping.counts[$0] > 0 }), "seed \(seed)")
            }
        }
    }

    @Test("the same seed gives the same log")
    func sameLog() async throws {
        for seed in 0..<100 as Range<UInt64> {
            let random = RandomGraph.cyclic(seed: seed)
            if (try? random.build(rounds: Rounds(random.count))) == nil { continue }
            let first = try await simulate(random, schedule: seed, logged: true)
            #expect(!first.log.isEmpty)
            #expect(try await simulate(random, schedule: seed, logged: true) == first)
        }
    }

    @Test("a cancel at any moment ends the run, after its branches and with nothing applied since")
    func cancelAnywhere() async throws {
        var cancelledCount = 0
        for seed in 0..<300 as Range<UInt64> {
            let random = RandomGraph.acyclic(seed: seed)
            let trace = try await simulate(random, schedule: seed, cancelAfter: 1 + Int(seed % 12), logged: true)
            guard trace.outcome == .cancelled else { continue }
            cancelledCount += 1
            let cancelled = try #require(trace.log.firstIndex { $0.hasPrefix("cancel") })
            #expect(!trace.log[cancelled...].contains { $0.contains("apply") || $0.contains("start") })
        }
        #expect(cancelledCount > 100)
    }

    @Test("the runner, with nodes that suspend here and there, agrees with the machine driven alone")
    func runner() async throws {
        for seed in 0..<(Self.seeds / 10) {
            let random = seed % 2 == 0 ? RandomGraph.acyclic(seed: seed) : RandomGraph.cyclic(seed: seed)
            if (try? random.build(rounds: Rounds(random.count))) == nil { continue }
            let expected = try await simulate(random, schedule: seed)
            guard expected.outcome == .finished else { continue }
            let graph = try random.build(rounds: Rounds(random.count)) { node in
                for _ in 0..<(seed >> UInt64(node % 16)) % 4 { await Task.yield() }
            }
            let board = try await run(graph)
            try #require(board == expected.board, "seed \(seed)")
        }
    }
}
