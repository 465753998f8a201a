internal import Synchronization

/// A checked, immutable graph; made by `GraphBuilder`, run by `Runner`, shared freely between runs and threads.
public final class Graph<State: Sendable, Payload: Sendable>: Sendable {
    /// As the builder was given it.
    public let name: String
    /// In declaration order.
    public let nodeNames: [String]

    @usableFromInline let topology: Topology
    @usableFromInline let nodes: [NodeBody<State, Payload>]
    /// How many fields have their writes held until they are read.
    @usableFromInline let heldFields: Int
    /// By node; of nodes that are ready at the same time the highest starts first.
    @usableFromInline let priorities: [Int]
    @usableFromInline let hasPriorities: Bool
    /// Whether one of its nodes, or of the graphs inside them, asks.
    @usableFromInline let asks: Bool
    private let keepingOnce = Mutex<Keeping<State>?>(nil)

    init(
        name: String, nodeNames: [String], topology: Topology, nodes: [NodeBody<State, Payload>], heldFields: Int,
        priorities: [Int]
    ) {
        self.name = name
        self.nodeNames = nodeNames
        self.topology = topology
        self.nodes = nodes
        self.heldFields = heldFields
        self.priorities = priorities
        hasPriorities = priorities.contains { $0 != 0 }
        asks = nodes.contains { $0.content.asks }
    }

    /// What stands around a node's work, from the outside in: the order is that of ``NodePolicy``. Empty for a node
    /// without policies and for an unknown one. O(nodes).
    public func policies(of node: String) -> [NodePolicy] {
        nodeNames.firstIndex(of: node).map { nodes[$0].policies } ?? []
    }

    /// Worked out when the first run is kept, O(nodes); two that come at once both do it.
    var keeping: Keeping<State> {
        if let keeping = keepingOnce.withLock({ $0 }) { return keeping }
        let keeping = Keeping(self)
        keepingOnce.withLock { $0 = keeping }
        return keeping
    }
}

/// What a finished node hands back: the one step that writes all its fields.
@usableFromInline
typealias Update<State: Sendable> = @Sendable (inout StateStore<State>, _ rounds: [Int]) -> Void

/// A node's way to its work, made when the graph is built: takes its projection of the state.
@usableFromInline
typealias Prepare<State: Sendable, Payload: Sendable> =
    @Sendable (borrowing State, NodeContext<Payload>) -> Work<State>

/// A node's work with its projection of the state already inside. May be done several times.
@usableFromInline
typealias Work<State: Sendable> = @Sendable () async throws -> Update<State>

/// A node with its types erased: the types were checked where it was declared.
@usableFromInline
struct NodeBody<State: Sendable, Payload: Sendable>: Sendable {
    /// Held fields that the node or its route reads.
    @usableFromInline let heldReads: [Int]
    @usableFromInline let prepare: Prepare<State, Payload>
    @usableFromInline let decide: (@Sendable (borrowing State) throws(UnknownRoute) -> Choice)?
    /// Where the node's failure is noted when an `onError` edge takes it.
    @usableFromInline let records: [@Sendable (inout StateStore<State>, _ rounds: [Int], any Error) -> Void]
    /// How kept writes of the node are done again.
    let stored: @Sendable () -> [StoredField<State>]
    @usableFromInline let content: NodeContent
    let policies: [NodePolicy]
}

/// A route's closure named a node that is not among its targets.
@usableFromInline
struct UnknownRoute: Error {
    @usableFromInline let target: String
}
