public import Base

/// What may stand around a node's work. The cases are in their fixed order, from the outside in: a result from the
/// cache spares all the rest, the fallback takes what is left of a failure after the last retry, each attempt has the
/// whole timeout. The run's deadline is outside of all of them.
public enum NodePolicy: String, CaseIterable, Sendable {
    /// In this order, the outermost first.
    case cache, fallback, retry, timeout
}

/// What a policy did, as events tell it.
public enum PolicyAct: Sendable {
    /// The node did not run: its result came from the cache.
    case cacheHit
    /// The attempt failed, and the next one begins after the delay. Attempts count from 1.
    case retry(afterAttempt: Int, delay: Duration, error: any Error)
    /// An attempt was cancelled, because it took longer than it may.
    case timeout(Duration)
    /// The node failed for good, and its fallback is taken.
    case fallback(error: any Error)
}

/// Whether a node that failed is tried again. A pure decision: time and randomness come from outside, so that the same
/// run takes the same decisions.
public protocol RetryPolicy: Sendable {
    /// How long to wait after attempt `attempt`, the first is 1, has failed; `nil` gives up, and the node fails with
    /// the error. Called once for each failed attempt, on the node's task, and never for a cancellation. A delay that
    /// reaches the run's deadline is not waited for: the node fails at once, as it does after 1,000 attempts. The
    /// generator's seed is the step and the attempt: the same step of the same run draws the same numbers.
    func delay(
        afterAttempt attempt: Int, of error: any Error, using generator: inout SeededGenerator
    ) -> Duration?
}

/// Keeps results of nodes. Of a scope's results no other scope ever hears. What cannot be looked up or kept is a miss:
/// a cache has no errors. Calls come from any task, also at the same time, and the node waits for them.
public protocol NodeCache: Sendable {
    /// The result that was kept for the key, as it was handed to ``fill(_:for:)``; `nil` is a miss, and so are bytes
    /// that are no result of the node.
    func lookUp(_ key: NodeCacheKey) async -> [UInt8]?

    /// Keeps a result, JSON in UTF-8; how long is the cache's to decide. Results of fallbacks are not handed in.
    func fill(_ result: [UInt8], for key: NodeCacheKey) async
}

/// What a node's result depends on: whose run it is, the node, and the values that it reads.
public struct NodeCacheKey: Hashable, Sendable {
    /// Whose run it is.
    public let scope: Scope
    /// The name of the node's own graph.
    public let graph: String
    /// The node's name in that graph.
    public let node: String
    /// Which of the ways to work that the node has had; results of another are not looked up.
    public let version: Int
    /// The values that the node reads, as a JSON array in the order of its declaration.
    public let inputs: [UInt8]

    /// For tests of caches; the engine makes its own. O(1).
    public init(scope: Scope, graph: String, node: String, version: Int = 1, inputs: [UInt8]) {
        self.scope = scope
        self.graph = graph
        self.node = node
        self.version = version
        self.inputs = inputs
    }
}

extension GraphBuilder {
    /// Puts policies around a node's work, in the order of ``NodePolicy``; once a node. A policy that isn't named costs
    /// nothing.
    ///
    /// - Parameters:
    ///   - node: Whose work it is; not one that asks.
    ///   - cache: Where results are kept. The node must read and write `Codable` fields only, and its result must
    ///     follow from what it reads alone: neither from the time nor from effects. Costs writing what the node reads
    ///     as JSON and a look-up; a miss also writing the result.
    ///   - cacheVersion: To be raised when the node's work changes, so that what it did before is no longer taken.
    ///   - retry: Whether a failed attempt is followed by another, with the same ``NodeContext/stepKey``. Not for lists
    ///     and graphs inside nodes: give it to the nodes inside, whose work is then not done again. Costs nothing
    ///     before the first failure.
    ///   - timeout: How long one attempt may take, more than nothing. The attempt is cancelled then, and once it has
    ///     ended it counts as failed with `node_timeout`. Costs a child task and a timer an attempt.
    @discardableResult
    public func policies(
        _ node: String, cache: (any NodeCache)? = nil, cacheVersion: Int = 1, retry: (any RetryPolicy)? = nil,
        timeout: Duration? = nil
    ) -> Self {
        policies.append(
            PolicyDeclaration(node: node, cache: cache, cacheVersion: cacheVersion, retry: retry, timeout: timeout))
        return self
    }

    /// Says that what the node calls is retried there, as a model gateway does: a retry policy around it as well would
    /// multiply the attempts, so the graph does not build with one. Costs nothing in a run.
    @discardableResult
    public func retriesItself(_ node: String) -> Self {
        retrying.append(node)
        return self
    }

    /// What takes the node's place when it has failed for good: gets the error and fields of its own, as they were when
    /// the node started, and writes the same fields as the node in the same order. Its own failure is the node's. Once
    /// a node, and not for one that asks. Costs reading its fields, whether or not it is called.
    @discardableResult
    public func fallback<each Read: Sendable, each Write: Sendable>(
        _ node: String, reads: repeat any KeyPath<State, each Read> & Sendable,
        writes: repeat any WritableKeyPath<State, each Write> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, any Error, repeat each Read) async throws -> (repeat each Write)
    ) -> Self {
        var readUses: [FieldUse] = []
        repeat readUses.append(FieldUse(each reads))
        var writeUses: [FieldUse] = []
        repeat writeUses.append(FieldUse(each writes))
        let body: FallbackDeclaration<State, Payload>.Body = { table in
            let writers = (repeat table.writer(each writes))
            let fields = (repeat Projection(each reads))
            return { state, context in
                let values = (repeat (each fields).read(state))
                return { error in
                    let update = try await run(context, error, repeat each values)
                    return { store, rounds in
                        repeat (each writers).write(each update, rounds: rounds, to: &store)
                    }
                }
            }
        }
        fallbacks.append(FallbackDeclaration(node: node, reads: readUses, writes: writeUses, body: body))
        return self
    }

    /// The same for one field read and one written. Of its own, because the compiler takes it for no case of the others.
    @discardableResult
    public func fallback<R1: Sendable, W1: Sendable>(
        _ node: String, reads read1: any KeyPath<State, R1> & Sendable,
        writes write1: any WritableKeyPath<State, W1> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, any Error, R1) async throws -> W1
    ) -> Self {
        let body: FallbackDeclaration<State, Payload>.Body = { table in
            let writer1 = table.writer(write1)
            let field1 = Projection(read1)
            return { state, context in
                let value1 = field1.read(state)
                return { error in
                    let update1 = try await run(context, error, value1)
                    return { store, rounds in writer1.write(update1, rounds: rounds, to: &store) }
                }
            }
        }
        fallbacks.append(
            FallbackDeclaration(node: node, reads: [FieldUse(read1)], writes: [FieldUse(write1)], body: body))
        return self
    }

    /// The same for a node that writes nothing.
    @discardableResult
    public func fallback<each Read: Sendable>(
        _ node: String, reads: repeat any KeyPath<State, each Read> & Sendable,
        run: @escaping @Sendable (NodeContext<Payload>, any Error, repeat each Read) async throws -> Void
    ) -> Self {
        var readUses: [FieldUse] = []
        repeat readUses.append(FieldUse(each reads))
        let body: FallbackDeclaration<State, Payload>.Body = { _ in
            let fields = (repeat Projection(each reads))
            return { state, context in
                let values = (repeat (each fields).read(state))
                return { error in
                    try await run(context, error, repeat each values)
                    return { _, _ in }
                }
            }
        }
        fallbacks.append(FallbackDeclaration(node: node, reads: readUses, writes: [], body: body))
        return self
    }

    /// Of nodes that are ready at the same time, one with a higher priority starts first; 0 without a declaration, and
    /// of several the last counts. Makes a difference where ``RunLimits/concurrency`` bounds a run; what comes out of
    /// the run is the same. Costs sorting the nodes that are ready whenever a branch ends, and nothing in a graph whose
    /// priorities are all 0.
    @discardableResult
    public func priority(_ node: String, _ priority: Int) -> Self {
        priorities.append((node, priority))
        return self
    }
}

struct PolicyDeclaration: Sendable {
    let node: String
    let cache: (any NodeCache)?
    let cacheVersion: Int
    let retry: (any RetryPolicy)?
    let timeout: Duration?
}

struct FallbackDeclaration<State: Sendable, Payload: Sendable> {
    typealias Body = (FieldTable) -> PrepareFallback<State, Payload>

    let node: String
    let reads: [FieldUse]
    let writes: [FieldUse]
    let body: Body
}

/// Takes a fallback's projection of the state when its node starts; the error comes later.
typealias PrepareFallback<State: Sendable, Payload: Sendable> =
    @Sendable (borrowing State, NodeContext<Payload>) -> @Sendable (any Error) async throws -> Update<State>
