import Base
import CAllocations
import Foundation
import Models
import Orchestrator
import Resilience
import Telemetry
import Transport

/// One plan with its orchestrator, and the least that a turn has cost it.
final class Way {
    let experts: Int
    private let orchestrator: ChatOrchestrator
    private let request: ChatRequest
    private let isStreaming: Bool
    private let isPinned: Bool
    private let clock: LoopClock
    private(set) var microseconds = Double.infinity
    private(set) var allocations = Double.infinity

    /// - Parameter fusion: `nil` for the request as it stands, to one model.
    init(
        _ experts: Int, _ fusion: FusionRule?, guards: GuardSettings.OutputPolicy, isStreaming: Bool, _ clock: LoopClock
    ) throws {
        (self.experts, self.isStreaming, self.clock) = (experts, isStreaming, clock)
        isPinned = fusion == nil
        let names = TokenModel.names
        let directory = ModelDirectory(aliases: [], providers: [.init(name: "quick", models: names)])
        let members = names.prefix(experts).map { name in
            var expert = Plan.Expert(name: name, model: "quick/\(name)")
            expert.instructions = "You answer in few words."
            // Nobody else is heard but by way of the lead.
            if case .lead(name)? = fusion { expert.after = names.prefix(experts).filter { $0 != name } }
            return expert
        }
        let templates = fusion.map { [PlanTemplate(name: "all", experts: members, fusion: $0)] } ?? []
        request = ChatRequest(
            model: fusion == nil ? "quick/\(names[0])" : "plan/all",
            messages: [
                ChatMessage(.system, "You are a helpful assistant who answers in one short sentence."),
                ChatMessage(.user, "What does a graph of nodes do with a chat turn, and why would one want it?"),
            ])
        let listener = DeafListener()
        orchestrator = try ChatOrchestrator(
            directory: directory, plans: PlanBook(templates, directory: directory),
            gateway: Gateway(
                models: ["quick": TokenModel()],
                resilience: GatewayResilience(
                    ResilienceSettings(), time: clock, generator: SeededGenerator(seed: 1)),
                observer: listener, clock: clock),
            recorder: listener, guards: GuardSettings(input: .flag, output: guards), spans: listener, time: clock,
            generator: SeededGenerator(seed: 1))
    }

    /// One turn of rounds. The least of many is kept: what else the machine does only adds.
    func measure(_ count: Int) async throws {
        let allocated = bench_allocation_count()
        let start = Foundation.clock()
        try await run(count)
        let took = Double(Foundation.clock() - start) * 1e6 / Double(CLOCKS_PER_SEC)
        microseconds = min(microseconds, took / Double(count))
        allocations = min(allocations, Double(bench_allocation_count() - allocated) / Double(count))
    }

    /// Asks so often, each time for the whole answer; a streaming caller hears it while it comes about.
    func run(_ count: Int) async throws {
        let context = RunContext(
            requestID: "req_1", runID: "run_1", scope: .local, deadline: clock.now().advanced(by: .seconds(600)),
            trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
        for _ in 0..<count {
            let sink = isStreaming ? QuickSink() : nil
            let answer = try await orchestrator.answer(
                request, streaming: isStreaming, sink: sink, context: context)
            let isWhole = answer.completion.text.utf8.count > TokenModel.tokens && answer.fusion?.failure == nil
            let isHeard = sink.map { $0.heard > 2 * TokenModel.tokens * experts } ?? true
            guard isWhole, isHeard, answer.experts.count == (isPinned ? 0 : experts) else {
                throw OrchestrationBench.Failure(description: "An answer of \(experts) experts is not whole.")
            }
        }
    }
}
