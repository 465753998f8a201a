public import Base

/// One run of a graph as a pure state machine: events in, commands out, no clock, no task, no state of the user.
///
/// - A node starts once for each round in which at least one edge into it was taken, and not before everything
///   that could still reach it has settled.
/// - A node that nothing can reach any more and that never ran is skipped; skips need no propagation, because they
///   follow from the same reach.
/// - A failure takes the node's `onError` edges where it has some; without them the run stops, its branches are
///   cancelled and nothing of what they return is applied.
///
/// The commands depend on the events alone, and which nodes run, how often and in which round does not depend on the
/// order in which they finish.
@usableFromInline
struct GraphMachine: Sendable {
    @usableFromInline
    enum Event: Equatable, Sendable {
        case begin
        case succeeded(Int)
        /// The answer to `.decide`.
        case decided(Int, Choice)
        case failed(Int)
        case cancel
    }

    @usableFromInline
    enum Command: Equatable, Sendable {
        case start(Int)
        /// Apply what the node returned, whole, as of the `rounds` before this event.
        case apply(Int)
        /// Ask the node's route where to go on; answered by `.decided`, before anything else.
        case decide(Int)
        /// The node's failure is handled: note it where its `onError` edge says so.
        case recover(Int)
        case skip(Int)
        case cancelBranches
        case end(Outcome)
    }

    @usableFromInline
    enum Outcome: Equatable, Sendable {
        case finished
        case failed(Int)
        case deadlineExceeded(before: Int)
        case activationLimit(before: Int)
        case noEndReached
        case cancelled
    }

    private enum Phase: Equatable {
        case idle, running
        /// Waits for the branches that were cancelled.
        case stopping(Outcome)
        case ended
    }

    let topology: Topology
    @usableFromInline var activationLimit: Int
    let deadline: Instant?
    private(set) var activations = 0
    /// How often each loop was started again.
    @usableFromInline private(set) var rounds: [Int]
    private(set) var runningCount = 0
    private var running: NodeSet
    /// Nodes that hold a token and wait.
    private var waiting: NodeSet
    /// Loop headers whose token asks for the next round.
    private var nextRound: NodeSet
    private var everRan: NodeSet
    private var skipped: NodeSet
    /// How many nodes hold a token, and which of them got it from the event at hand.
    private var tokenCount = 0
    private var fresh: [Int] = []
    private var ready: [Int] = []
    private var reachedEnd = false
    private var phase = Phase.idle

    @usableFromInline
    init(_ topology: Topology, activationLimit: Int, deadline: Instant?) {
        self.topology = topology
        self.activationLimit = activationLimit
        self.deadline = deadline
        rounds = Array(repeating: 0, count: topology.loops.count)
        let empty = NodeSet(count: topology.count)
        (running, waiting, nextRound, everRan, skipped) = (empty, empty, empty, empty, empty)
    }

    /// Appends what is to be done to `commands`. An event that doesn't fit (a node that isn't running, anything after
    /// the end) changes nothing. O(outgoing edges + waiting nodes × nodes / 64).
    @usableFromInline
    mutating func handle(_ event: Event, now: Instant?, into commands: inout [Command]) {
        switch (phase, event) {
        case (.idle, .begin):
            phase = .running
            for start in topology.starts where !waiting.contains(start) {
                waiting.insert(start)
                tokenCount += 1
                fresh.append(start)
            }
            startReady(after: nil, now: now, into: &commands)
        case (.idle, .cancel): stop(.cancelled, into: &commands)
        case (.running, .succeeded(let node)) where running.contains(node):
            commands.append(.apply(node))
            if topology.hasRoute[node] {
                commands.append(.decide(node))
            } else {
                settle(node, choice: .nowhere, now: now, into: &commands)
            }
        case (.running, .decided(let node, let choice)) where running.contains(node):
            settle(node, choice: choice, now: now, into: &commands)
        case (.running, .failed(let node)) where running.contains(node):
            if topology.hasOnError[node] {
                commands.append(.recover(node))
                settle(node, choice: nil, now: now, into: &commands)
            } else {
                leave(node)
                stop(.failed(node), into: &commands)
            }
        case (.running, .cancel): stop(.cancelled, into: &commands)
        case (.stopping(let outcome), .succeeded(let node)), (.stopping(let outcome), .failed(let node)):
            guard running.contains(node) else { return }
            leave(node)
            if runningCount == 0 { end(outcome, into: &commands) }
        default: break
        }
    }

    private mutating func leave(_ node: Int) {
        running.remove(node)
        runningCount -= 1
    }

    private mutating func stop(_ outcome: Outcome, into commands: inout [Command]) {
        if runningCount == 0 { return end(outcome, into: &commands) }
        phase = .stopping(outcome)
        commands.append(.cancelBranches)
    }

    private mutating func end(_ outcome: Outcome, into commands: inout [Command]) {
        phase = .ended
        commands.append(.end(outcome))
    }

    /// Takes the edges of a node that is done; `choice` is `nil` after a failure.
    private mutating func settle(_ node: Int, choice: Choice?, now: Instant?, into commands: inout [Command]) {
        leave(node)
        if topology.isEnd[node], choice != nil { reachedEnd = true }
        let edges = topology.edges(of: node)
        var taken = 0
        var firstChoice = edges.lowerBound
        for index in edges {
            switch topology.edges[index].kind {
            case .always:
                firstChoice = index + 1
                if choice == nil { continue }
            case .choice: continue
            case .onError: if choice != nil { continue }
            }
            take(index)
            taken += 1
        }
        switch choice {
        case .one(let position):
            take(firstChoice + position)
            taken += 1
        case .several(let positions):
            for position in positions { take(firstChoice + position) }
            taken += positions.count
        case .nowhere, nil: break
        }
        startReady(after: node, now: now, into: &commands)
        guard phase == .running else { return }
        if taken < edges.count { skipUnreachable(after: node, into: &commands) }
        if runningCount == 0 { end(reachedEnd ? .finished : .noEndReached, into: &commands) }
    }

    private mutating func take(_ edge: Int) {
        let target = topology.edges[edge].target
        if !waiting.contains(target), !nextRound.contains(target) {
            tokenCount += 1
            fresh.append(target)
        }
        if topology.isBack[edge] { nextRound.insert(target) } else { waiting.insert(target) }
    }

    private func isReady(_ node: Int) -> Bool {
        !topology.blockers.intersects(node, running, or: waiting)
            && !topology.outerHeaders.intersects(node, nextRound)
    }

    /// The waiting nodes that may start, in declaration order. Looks only at those to which the event makes a
    /// difference: if nobody waited before, the nodes that got a token.
    private mutating func collectReady(after node: Int?) {
        ready.removeAll(keepingCapacity: true)
        if tokenCount == fresh.count {
            if tokenCount == 1, runningCount == 0 {
                ready.append(fresh[0])
            } else {
                for candidate in fresh where isReady(candidate) { ready.append(candidate) }
                if ready.count > 1 { ready.sort() }
            }
            return
        }
        for index in 0..<topology.blockers.width {
            var candidates = waiting[word: index] | nextRound[word: index]
            if let node { candidates &= topology.blocked.word(node, index) }
            while candidates != 0 {
                let candidate = index << 6 | candidates.trailingZeroBitCount
                candidates &= candidates &- 1
                if isReady(candidate) { ready.append(candidate) }
            }
        }
    }

    /// Starts every waiting node that may start, in declaration order. Starting one never makes another unready.
    private mutating func startReady(after node: Int?, now: Instant?, into commands: inout [Command]) {
        collectReady(after: node)
        fresh.removeAll(keepingCapacity: true)
        guard let first = ready.first else { return }
        if let deadline, let now, now >= deadline { return stop(.deadlineExceeded(before: first), into: &commands) }
        if ready.count > activationLimit - activations {
            return stop(.activationLimit(before: ready[max(0, activationLimit - activations)]), into: &commands)
        }
        activations += ready.count
        for node in ready { start(node, into: &commands) }
    }

    private mutating func start(_ node: Int, into commands: inout [Command]) {
        if nextRound.contains(node) {
            nextRound.remove(node)
            for loop in topology.loopsAround[node] where topology.loops[loop].header == node { rounds[loop] += 1 }
        }
        waiting.remove(node)
        tokenCount -= 1
        running.insert(node)
        everRan.insert(node)
        runningCount += 1
        commands.append(.start(node))
    }

    /// Only a settled node that left an edge untaken can be the last one that could have reached another.
    private mutating func skipUnreachable(after node: Int, into commands: inout [Command]) {
        for index in 0..<topology.descendants.width {
            let known = everRan[word: index] | skipped[word: index] | waiting[word: index] | nextRound[word: index]
            var candidates = topology.descendants.word(node, index) & ~known
            while candidates != 0 {
                let candidate = index << 6 | candidates.trailingZeroBitCount
                candidates &= candidates &- 1
                if topology.ancestors.intersects(candidate, running, or: waiting)
                    || topology.ancestors.intersects(candidate, nextRound)
                {
                    continue
                }
                skipped.insert(candidate)
                commands.append(.skip(candidate))
            }
        }
    }
}

extension GraphMachine {
    /// All that a machine knows besides its graph, for snapshots.
    struct Memory: Codable, Equatable, Sendable {
        var activations: Int
        var rounds: [Int]
        var running: [Int]
        var waiting: [Int]
        var nextRound: [Int]
        var everRan: [Int]
        var skipped: [Int]
        var reachedEnd: Bool
    }

    /// `nil` unless the machine is running.
    var memory: Memory? {
        guard phase == .running else { return nil }
        return Memory(
            activations: activations, rounds: rounds, running: running.members, waiting: waiting.members,
            nextRound: nextRound.members, everRan: everRan.members, skipped: skipped.members, reachedEnd: reachedEnd)
    }

    /// Goes on from a memory; `nil` when it is not one of this graph's.
    init?(_ topology: Topology, activationLimit: Int, deadline: Instant?, memory: Memory) {
        self.init(topology, activationLimit: activationLimit, deadline: deadline)
        let sets = [memory.running, memory.waiting, memory.nextRound, memory.everRan, memory.skipped]
        guard memory.rounds.count == rounds.count, sets.joined().allSatisfy({ $0 >= 0 && $0 < topology.count }),
            Set(memory.running).count == memory.running.count,
            (memory.rounds + [memory.activations]).allSatisfy({ $0 >= 0 && $0 <= Int(Int32.max) })
        else { return nil }
        activations = memory.activations
        rounds = memory.rounds
        for node in memory.running { running.insert(node) }
        for node in memory.waiting { waiting.insert(node) }
        for node in memory.nextRound { nextRound.insert(node) }
        for node in memory.everRan { everRan.insert(node) }
        for node in memory.skipped { skipped.insert(node) }
        runningCount = memory.running.count
        tokenCount = Set(memory.waiting).union(memory.nextRound).count
        reachedEnd = memory.reachedEnd
        phase = .running
    }
}

/// Which of a node's routes are taken, by their position among the node's targets.
@usableFromInline
enum Choice: Equatable, Sendable {
    case nowhere
    case one(Int)
    case several([Int])

    @usableFromInline var positions: [Int] {
        switch self {
        case .nowhere: []
        case .one(let position): [position]
        case .several(let positions): positions
        }
    }
}
