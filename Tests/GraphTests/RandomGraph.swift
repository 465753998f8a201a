import Base
import Synchronization

@testable import Graph

/// A random graph whose choices and failures are fixed by its seed, so that nothing but the schedule can differ.
struct RandomGraph: Sendable {
    var count: Int
    var edges: [Topology.Edge] = []
    var starts: [Int] = [0]
    var ends: Set<Int> = []
    /// Nodes whose route picks at most one.
    var exclusive: Set<Int> = []
    var failing: Set<Int> = []
    /// Edges that start a loop again; taken at most a few times.
    var back: Set<Topology.Edge> = []
    let seed: UInt64

    func targets(_ node: Int, _ kind: Topology.EdgeKind) -> [Int] {
        edges.filter { $0.source == node && $0.kind == kind }.map(\.target)
    }

    /// Which targets the route of a node picks in a round, as positions.
    func choice(_ node: Int, round: Int) -> [Int] {
        var generator = SeededGenerator(seed: seed ^ UInt64(node) << 32 ^ UInt64(round) << 48)
        let targets = targets(node, .choice)
        let open = targets.indices.filter {
            round < 4 || !back.contains(Topology.Edge(source: node, target: targets[$0], kind: .choice))
        }
        if open.isEmpty { return [] }
        if exclusive.contains(node) {
            return generator.next() % 8 == 0 ? [] : [open[Int(generator.next() % UInt64(open.count))]]
        }
        return open.filter { _ in generator.next() % 3 != 0 }
    }

    /// What a node writes: log and sum, log and seen, last, or nothing.
    func kind(_ node: Int) -> Int { Int((seed >> UInt64(node % 60)) % 4) }

    /// Whether the `onError` edges of a node note its failure: all of them or the first one.
    func records(_ node: Int) -> (first: Bool, all: Bool) {
        let draw = (seed >> UInt64((node + 7) % 61)) % 4
        return (draw > 0, draw > 1)
    }

    /// What a failing node throws: where somebody may note it, it says whose it is.
    func failure(of node: Int) -> any Error {
        targets(node, .onError).isEmpty ? Broken(node: node) : CodedError.noted("n\(node) ")
    }

    /// What its `onError` edges note of one failure.
    func note(of node: Int) -> String {
        String(repeating: "n\(node) ", count: records(node).all ? targets(node, .onError).count : 1)
    }

    /// In graphs that are kept: how it comes to that, and whether one that would write nothing works on a list.
    func style(_ node: Int) -> Int { Int((seed &* 0x9e37_79b9_7f4a_7c15 >> UInt64(node % 50)) % 3) }
    func isMapped(_ node: Int) -> Bool { kind(node) == 0 && style(node) > 0 }
}

extension RandomGraph {
    /// Any directed graph without cycles: its order is not the order of declaration.
    static func acyclic(seed: UInt64, maximum: Int = 30, mayFail: Bool = true) -> RandomGraph {
        var generator = SeededGenerator(seed: seed)
        let count = 2 + Int(generator.next() % UInt64(maximum - 1))
        var graph = RandomGraph(count: count, seed: generator.next())
        let order = Array(0..<count).shuffled(using: &generator)
        graph.starts = [order[0]]
        var pairs: Set<[Int]> = []
        for position in 1..<count {
            for _ in 0...Int(generator.next() % 3) {
                let near = max(0, position - 6)
                let source = order[near + Int(generator.next() % UInt64(position - near))]
                pairs.insert([source, order[position]])
            }
        }
        for node in 0..<count {
            let outgoing = pairs.filter { $0[0] == node }.map { $0[1] }.sorted()
            let style = generator.next() % 4
            if style == 0, outgoing.count > 1 { graph.exclusive.insert(node) }
            var kinds: Set<Topology.EdgeKind> = []
            for (index, target) in outgoing.enumerated() {
                let kind: Topology.EdgeKind =
                    style <= 1 && generator.next() % 4 != 0
                    ? .choice : mayFail && index > 0 && generator.next() % 5 == 0 ? .onError : .always
                graph.edges.append(Topology.Edge(source: node, target: target, kind: kind))
                kinds.insert(kind)
            }
            if !kinds.contains(.always), !kinds.contains(.choice) || generator.next() % 2 == 0 {
                graph.ends.insert(node)
            }
            if mayFail, generator.next() % (kinds.contains(.onError) ? 2 : 150) == 0 { graph.failing.insert(node) }
        }
        return graph
    }

    /// The same with edges back, wherever the builder takes them.
    static func cyclic(seed: UInt64) -> RandomGraph {
        var generator = SeededGenerator(seed: ~seed)
        var graph = acyclic(seed: seed, maximum: 16, mayFail: seed % 2 == 0)
        for _ in 0..<4 {
            let source = Int(generator.next() % UInt64(graph.count))
            let target = Int(generator.next() % UInt64(graph.count))
            let edge = Topology.Edge(source: source, target: target, kind: .choice)
            guard !graph.edges.contains(where: { $0.source == source && $0.target == target }) else { continue }
            var candidate = graph
            candidate.edges.append(edge)
            let finder = LoopFinder(count: graph.count, edges: candidate.edges, starts: graph.starts)
            guard finder.find().irreducible.isEmpty, finder.find().backEdges.contains([source, target]) else {
                continue
            }
            candidate.back.insert(edge)
            graph = candidate
        }
        return graph
    }

    /// The real graph. `rounds` counts each node's activations for its route; `pause` is called inside every node.
    func build(
        rounds: Rounds, pause: @escaping @Sendable (Int) async -> Void = { _ in }
    ) throws -> Graph<Board, Never> {
        let builder = boardBuilder().field(\.error, .everyMessage)
        for node in 0..<count {
            let name = "n\(node)"
            let fails = failing.contains(node)
            @Sendable func enter() async throws -> Int {
                let round = rounds.enter(node)
                await pause(node)
                if fails { throw failure(of: node) }
                return node * 100 + round
            }
            switch kind(node) {
            case 0: builder.node(name) { _ in _ = try await enter() }
            case 1:
                builder.node(name, writes: \.log, \.sum) { _ in
                    let entry = try await enter()
                    return ([entry], entry)
                }
            case 2:
                builder.node(name, writes: \.log, \.seen) { _ in
                    let entry = try await enter()
                    return ([entry], [entry])
                }
            default: builder.node(name, writes: \.last) { _ in try await enter() }
            }
        }
        connect(builder) { rounds.current($0) }
        return try builder.build()
    }

    /// Declares edges, routes, starts and ends; `round` says of a node which activation its route follows.
    func connect(_ builder: GraphBuilder<Board, Never>, round: @escaping @Sendable (Int) -> Int) {
        for node in 0..<count {
            let name = "n\(node)"
            let choices = targets(node, .choice).map { "n\($0)" }
            if !choices.isEmpty {
                let picks: @Sendable () -> [String] = { choice(node, round: round(node)).map { choices[$0] } }
                if exclusive.contains(node) {
                    builder.route(name, to: choices) { picks().first }
                } else {
                    builder.routeSeveral(name, to: choices) { Set(picks()) }
                }
            }
            for target in targets(node, .always) { builder.edge(name, to: "n\(target)") }
            for (index, target) in targets(node, .onError).enumerated() {
                if index == 0 ? records(node).first : records(node).all {
                    builder.onError(name, to: "n\(target)", recording: \.error)
                } else {
                    builder.onError(name, to: "n\(target)")
                }
            }
        }
        for start in starts { builder.start("n\(start)") }
        for end in ends.sorted() { builder.end("n\(end)") }
    }
}

extension Reducer where Value == CodedError? {
    /// All that is noted, in the order in which it joins.
    static var everyMessage: Reducer {
        .custom { all, next in
            guard let next else { return }
            all = .noted((all?.message ?? "") + next.message)
        }
    }
}

extension CodedError {
    static func noted(_ message: String) -> CodedError { CodedError(.invalidValue, message) }
}

/// How often each node of one run has started.
final class Rounds: Sendable {
    private let counts: Mutex<[Int]>

    init(_ count: Int) { counts = Mutex(Array(repeating: 0, count: count)) }

    func enter(_ node: Int) -> Int {
        counts.withLock {
            $0[node] += 1
            return $0[node]
        }
    }

    func current(_ node: Int) -> Int { counts.withLock { $0[node] } }
}
