import Base
import JSON

@testable import Graph

extension RandomGraph {
    /// The same graph of nodes that ask, work on lists and run other graphs, with policies around them: to the same
    /// end. What a question asks for is in it; without `asks` whoever would ask works instead. `outside` hears of each
    /// piece of work by its step.
    func buildKept(_ outside: Outside, asks: Bool = true) throws -> Graph<Board, Never> {
        let builder = boardBuilder().field(\.error, .everyMessage)
        for node in 0..<count {
            let policies = policies(of: node, asks: asks)
            let duty = Duty(
                node: node, content: content(of: node, asks: asks),
                failure: failing.contains(node) ? failure(of: node) : nil, policies: policies,
                yields: Int((seed >> UInt64(node % 32)) % 3), outside: outside)
            switch duty.content {
            case .work: declareWork(duty, builder)
            case .question: builder.ask(duty.name, writes: \.last) { .int(Int64(node * 100 + 1)) }
            case .items, .graphs: try declareList(duty, builder, asks: asks)
            case .graph: try declareGraph(duty, builder, asks: asks)
            }
            if policies.hasCache || policies.failures != nil || policies.hasTimeout {
                builder.policies(
                    duty.name, cache: policies.hasCache ? outside : nil, retry: policies.retry,
                    timeout: policies.hasTimeout ? .seconds(600) : nil)
            }
            if priority(of: node) != 0 { builder.priority(duty.name, priority(of: node)) }
        }
        connect(builder) { outside.activation(of: $0) }
        return try builder.build()
    }

    private func declareWork(_ duty: Duty, _ builder: GraphBuilder<Board, Never>) {
        let name = duty.name
        let hasFallback = duty.policies.fallback != .none
        switch kind(duty.node) {
        case 0:
            builder.node(name) { _ = try await duty.work($0) }
            if hasFallback { builder.fallback(name) { context, _ in _ = duty.standIn(context) } }
        case 1:
            builder.node(name, writes: \.log, \.sum) {
                let entry = try await duty.work($0)
                return ([entry], entry)
            }
            guard hasFallback else { return }
            builder.fallback(name, writes: \.log, \.sum) { context, _ in
                let entry = duty.standIn(context)
                return ([entry], entry)
            }
        case 2:
            builder.node(name, writes: \.log, \.seen) {
                let entry = try await duty.work($0)
                return ([entry], [entry])
            }
            guard hasFallback else { return }
            builder.fallback(name, writes: \.log, \.seen) { context, _ in
                let entry = duty.standIn(context)
                return ([entry], [entry])
            }
        default:
            builder.node(name, writes: \.last) { try await duty.work($0) }
            if hasFallback { builder.fallback(name, writes: \.last) { context, _ in duty.standIn(context) } }
        }
    }

    private func declareList(_ duty: Duty, _ builder: GraphBuilder<Board, Never>, asks: Bool) throws {
        let node = duty.node
        if duty.content == .items {
            builder.map(duty.name, over: \.items, writes: \.mapped, limit: 2) { context, item in
                _ = try await duty.work(context)
                return node * 1000 + item
            }
        } else {
            let inner = try inner(node, duty.outside, asks: asks)
            builder.map(duty.name, over: \.items, inner, writes: \.mapped, limit: 1 + node % 3) { item in
                try duty.enter()
                return Board(sum: item)
            } leave: {
                node * 1000 + $0.sum
            }
        }
        guard duty.policies.fallback != .none else { return }
        builder.fallback(duty.name, writes: \.mapped) { context, _ in duty.standIns(context) }
    }

    private func declareGraph(_ duty: Duty, _ builder: GraphBuilder<Board, Never>, asks: Bool) throws {
        let node = duty.node
        builder.graph(duty.name, try inner(node, duty.outside, asks: asks), writes: \.last) {
            try duty.enter()
            return Board(sum: node * 100 + 1)
        } leave: {
            $0.sum
        }
        guard duty.policies.fallback != .none else { return }
        builder.fallback(duty.name, writes: \.last) { context, _ in duty.standIn(context) }
    }

    /// Gives back its first sum, by way of a question, of attempts in vain and of a failure that is taken.
    private func inner(_ node: Int, _ outside: Outside, asks: Bool) throws -> Graph<Board, Never> {
        let failures = innerFailures(node)
        let builder = boardBuilder()
            .node("a") { context in
                await Task.yield()
                guard outside.attempt(context.step, of: failures + 1) else { throw Duty.busy }
                outside.note(context.step)
            }
            .policies("a", retry: ExponentialRetry.quick(attempts: 2 * (failures + 1)))
            .node("b") {
                outside.note($0.step)
                await Task.yield()
                throw Broken(node: 1)
            }
            .node("c", writes: \.log) {
                outside.note($0.step)
                return [1]
            }
            .start("a", "b").onError("b", to: "c").edge("a", to: "d").edge("c", to: "d").end("b", "d")
        if asks && innerAsks(node) {
            builder.ask("d", reads: \.sum, writes: \.last) { .int(Int64($0)) }
        } else {
            builder.node("d", reads: \.sum, writes: \.last) { _, sum in sum }
        }
        return try builder.build()
    }
}

/// What one node has to do, and how it fares.
private struct Duty: Sendable {
    /// Fails with a code that says that trying again may help.
    static let busy = CodedError(.overloaded, "busy")

    let node: Int
    let content: RandomGraph.Content
    /// What it fails with, where the graph is to see it fail.
    let failure: (any Error)?
    let policies: RandomGraph.Policies
    let yields: Int
    let outside: Outside

    var name: String { "n\(node)" }

    func work(_ context: NodeContext<Never>) async throws -> Int {
        outside.begin(node, context.activation)
        let step = context.step
        let isHopeless = policies.fallback == .needed
        let needed = isHopeless ? policies.attemptsInVain : failure == nil ? (policies.failures ?? 0) + 1 : 1
        let isDone = outside.attempt(step, of: needed) && !isHopeless
        if isDone { outside.note(step) }
        for _ in 0..<yields { await Task.yield() }
        if let failure { throw failure }
        guard isDone else { throw Duty.busy }
        return node * 100 + context.activation
    }

    /// Before a graph inside the node begins.
    func enter() throws { if policies.fallback == .needed { throw Duty.busy } }

    /// What the node would have written, where it always fails; otherwise nothing that anybody expects.
    func standIn(_ context: NodeContext<Never>) -> Int {
        guard policies.fallback == .needed else { return -1 }
        outside.fallBack()
        outside.note(context.step)
        outside.begin(node, context.activation)
        return node * 100 + (content == .work ? context.activation : 1)
    }

    /// The same for a node that works on a list.
    func standIns(_ context: NodeContext<Never>) -> [Int] {
        standIn(context) < 0 ? [-1] : [0, 1, 2].map { node * 1000 + $0 }
    }
}
