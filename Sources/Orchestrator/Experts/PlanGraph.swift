internal import Base
internal import Graph
internal import Synchronization

/// What the nodes of a plan's graph share: results stand on the run's board, where each node finds those on which it
/// has waited.
struct ExpertState: Sendable {
    let run: ExpertRun
}

/// A plan with several experts as a graph: a node for each expert, an edge for each dependency. One after the other
/// they are a chain, in an order that their dependencies allow.
enum PlanGraph {
    static func make(_ plan: Plan) throws(GraphBuildError) -> Graph<ExpertState, ExpertSignal> {
        let builder = GraphBuilder<ExpertState, ExpertSignal>("plan")
        for expert in plan.experts {
            let name = expert.name
            builder.node(name, reads: \.run) { context, run in try await ExpertCall.run(name, run, context) }
            builder.fallback(name, reads: \.run) { context, error, run in
                try await ExpertCall.recover(name, from: error, run, context)
            }
            // The gateway is the one layer that retries.
            builder.retriesItself(name)
            if let timeout = expert.timeout { builder.policies(name, timeout: timeout) }
        }
        if plan.parallel { connect(plan, builder) } else { chain(plan, builder) }
        return try builder.build()
    }

    private static func connect(_ plan: Plan, _ builder: GraphBuilder<ExpertState, ExpertSignal>) {
        let used = Set(plan.experts.flatMap(\.after))
        for expert in plan.experts {
            if expert.after.isEmpty { builder.start(expert.name) }
            if !used.contains(expert.name) { builder.end(expert.name) }
            for name in expert.after { builder.edge(name, to: expert.name) }
        }
    }

    private static func chain(_ plan: Plan, _ builder: GraphBuilder<ExpertState, ExpertSignal>) {
        let names = ExpertOrder(plan.experts).names
        if let first = names.first, let last = names.last { builder.start(first).end(last) }
        for (name, next) in zip(names, names.dropFirst()) { builder.edge(name, to: next) }
    }
}

/// The graphs of the plans that are in use, each built once. One lock a run.
final class PlanGraphs: Sendable {
    /// A graph holds what the identity tells, the order of declaration, and whether experts work at once.
    fileprivate struct Key: Hashable {
        let identity: PlanIdentity
        let names: [String]
        let parallel: Bool
    }

    struct Entry: Sendable {
        let runner: Runner<ExpertState, ExpertSignal>
        let order: ExpertOrder
    }

    fileprivate struct State {
        var entries: [Key: Entry] = [:]
        /// The one used longest ago is the first.
        var uses: [Key] = []
    }

    private let state = Mutex(State())
    private let capacity: Int
    private let time: any TimeSource

    init(capacity: Int = 256, time: any TimeSource) {
        self.capacity = max(1, capacity)
        self.time = time
    }

    var count: Int { state.withLock(\.entries.count) }

    /// - Throws: `internal_error` for a plan that makes no graph; a checked one does.
    func entry(for plan: Plan) throws(CodedError) -> Entry {
        let key = Key(identity: plan.identity, names: plan.experts.map(\.name), parallel: plan.parallel)
        if let known = state.withLock({ $0.touch(key) }) { return known }
        let entry = try make(plan)
        state.withLock { $0.keep(entry, under: key, atMost: capacity) }
        return entry
    }

    private func make(_ plan: Plan) throws(CodedError) -> Entry {
        do throws(GraphBuildError) {
            // A turn is cancelled at its own deadline by who asked for it; the plan's own time is kept here.
            let limits = RunLimits(
                activations: plan.experts.count, deadline: plan.limits.wallTime == nil ? .startsNoMore : .interrupts)
            return Entry(
                runner: Runner(try PlanGraph.make(plan), time: time, limits: limits),
                order: ExpertOrder(plan.experts))
        } catch {
            throw CodedError(.internalError, "The plan '\(plan.model)' makes no graph.", detail: "\(error)")
        }
    }
}

extension PlanGraphs.State {
    fileprivate mutating func touch(_ key: PlanGraphs.Key) -> PlanGraphs.Entry? {
        guard let entry = entries[key] else { return nil }
        if uses.last != key, let place = uses.firstIndex(of: key) {
            uses.remove(at: place)
            uses.append(key)
        }
        return entry
    }

    fileprivate mutating func keep(_ entry: PlanGraphs.Entry, under key: PlanGraphs.Key, atMost capacity: Int) {
        if entries.updateValue(entry, forKey: key) == nil { uses.append(key) }
        while uses.count > capacity { entries[uses.removeFirst()] = nil }
    }
}
