import Base

@testable import Graph

/// What the articles say about loops, told as rounds within rounds: a loop is one step of what is around it. Each of its
/// rounds is a graph without cycles of its own; the next one begins when that is over, if an edge back was taken. What
/// it starts outside waits for the last round to end.
struct LoopModel: GraphModel {
    /// What has happened, in some order that the edges allow.
    private indirect enum Event {
        case ran(Int, activation: Int)
        case looped(header: Int, rounds: [[Event]])

        /// The node, or the one at which the loop is entered.
        var unit: Int {
            switch self {
            case .ran(let node, _): node
            case .looped(let header, _): header
            }
        }
    }

    private struct Round {
        var events: [Event] = []
        /// Whether an edge back to where the round began was taken.
        var goesOn = false
        /// Nodes outside that it starts.
        var exits: Set<Int> = []
    }

    /// How often each node has run.
    private(set) var counts: [Int]
    private(set) var board = Board()
    private(set) var unhandled: Set<Int> = []
    private(set) var passedEnd = false

    /// Whether a loop has gone round again in a round of another one.
    private(set) var loopsInLoops = false

    private let graph: RandomGraph
    private let map: LoopMap

    init(_ graph: RandomGraph, isKept: Bool = false) {
        self.graph = graph
        map = LoopMap(graph)
        counts = Array(repeating: 0, count: graph.count)
        let whole = round(of: nil, from: graph.starts)
        write(whole.events, isKept: isKept)
    }

    // MARK: What runs

    /// One round of a loop, or the whole graph for `nil`.
    private mutating func round(of loop: Int?, from entries: [Int]) -> Round {
        let region = map.region(of: loop)
        var round = Round()
        var active = Set(entries.map { region.unit[$0] ?? $0 })
        for unit in region.order where active.contains(unit) {
            let taken: Set<Int>
            if unit != loop, map.members[unit] != nil {
                taken = repeated(unit, in: &round)
            } else {
                taken = run(unit)
                round.events.append(.ran(unit, activation: counts[unit]))
            }
            for target in taken {
                if target == loop {
                    round.goesOn = true
                } else if let unit = region.unit[target] {
                    active.insert(unit)
                } else {
                    round.exits.insert(target)
                }
            }
        }
        return round
    }

    /// Goes round until no edge back is taken; what has been started outside by then.
    private mutating func repeated(_ header: Int, in outer: inout Round) -> Set<Int> {
        var rounds: [[Event]] = []
        var exits: Set<Int> = []
        var goesOn = true
        while goesOn {
            let next = round(of: header, from: [header])
            rounds.append(next.events)
            exits.formUnion(next.exits)
            goesOn = next.goesOn
        }
        if rounds.count > 1, map.members.contains(where: { $0.key != header && $0.value.contains(header) }) {
            loopsInLoops = true
        }
        outer.events.append(.looped(header: header, rounds: rounds))
        return exits
    }

    /// The nodes to which it goes on.
    private mutating func run(_ node: Int) -> Set<Int> {
        counts[node] += 1
        if graph.failing.contains(node) {
            let handlers = graph.targets(node, .onError)
            if handlers.isEmpty { unhandled.insert(node) }
            return Set(handlers)
        }
        if graph.ends.contains(node) { passedEnd = true }
        let choices = graph.targets(node, .choice)
        let chosen = choices.isEmpty ? [] : graph.choice(node, round: counts[node]).map { choices[$0] }
        return Set(graph.targets(node, .always) + chosen)
    }

    // MARK: What is written

    private mutating func write(_ events: [Event], isKept: Bool) {
        func joined(_ isWriter: (Int) -> Bool) -> [(node: Int, activation: Int)] {
            join(events, of: nil, writers: Set((0..<graph.count).filter(isWriter)))
        }
        func entries(_ kinds: Set<Int>) -> [(node: Int, activation: Int)] {
            joined { kinds.contains(graph.kind($0)) }.filter { !graph.failing.contains($0.node) }
        }
        board.log = entries([1, 2]).map { $0.node * 100 + $0.activation }
        board.sum = entries([1]).reduce(0) { $0 + $1.node * 100 + $1.activation }
        board.seen = Set(entries([2]).map { $0.node * 100 + $0.activation })
        if let last = entries([3]).last {
            let isWork = !isKept || graph.content(of: last.node, asks: true) == .work
            board.last = last.node * 100 + (isWork ? last.activation : 1)
        }
        let notes = joined { !graph.targets($0, .onError).isEmpty && graph.records($0).first }
            .filter { graph.failing.contains($0.node) }
            .map { graph.note(of: $0.node) }
        if !notes.isEmpty { board.error = .noted(notes.joined()) }
        guard isKept else { return }
        let lists = joined { [.items, .graphs].contains(graph.content(of: $0, asks: true)) }
        board.mapped = lists.flatMap { entry in [0, 1, 2].map { entry.node * 1000 + $0 } }
    }

    /// Those of `writers` that have run, in the order in which their writes join: a loop as a whole, round by round.
    private func join(
        _ events: [Event], of loop: Int?, writers: Set<Int>
    ) -> [(node: Int, activation: Int)] {
        map.order(of: loop, writers: writers).flatMap { unit in
            events.filter { $0.unit == unit }.flatMap { event in
                switch event {
                case .ran(let node, let activation): [(node: node, activation: activation)]
                case .looped(let header, let rounds): rounds.flatMap { join($0, of: header, writers: writers) }
                }
            }
        }
    }
}
