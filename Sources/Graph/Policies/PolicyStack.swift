internal import Base
internal import JSON
internal import Synchronization

/// A node's policies, to be put around its work.
struct PolicyStack<State: Sendable, Payload: Sendable>: Sendable {
    /// How a node's result becomes JSON and a result again.
    struct Caching: Sendable {
        let graph: String
        let cache: any NodeCache
        let version: Int
        /// Writes what the node reads.
        let inputs: [@Sendable (borrowing State, inout JSONWriter) throws(JSONCodingError) -> Void]
        let fields: [FieldKey: KeptField]
        let stored: [StoredField<State>]
        let heldFields: Int
        let loops: Int
    }

    /// However patient a policy is.
    static var maxAttempts: Int { 1000 }

    var caching: Caching?
    var fallback: PrepareFallback<State, Payload>?
    var retry: (any RetryPolicy)?
    var timeout: Duration?

    /// Which of them there are, from the outside in.
    var policies: [NodePolicy] { NodePolicy.allCases.filter(has) }

    private func has(_ policy: NodePolicy) -> Bool {
        switch policy {
        case .cache: caching != nil
        case .fallback: fallback != nil
        case .retry: retry != nil
        case .timeout: timeout != nil
        }
    }

    /// The node with all of them around it.
    func around(_ prepare: @escaping Prepare<State, Payload>) -> Prepare<State, Payload> {
        let inward = policies
        if inward.isEmpty { return prepare }
        return { state, context in
            let trail = Trail()
            var work = prepare(state, context)
            for policy in inward.reversed() {
                switch policy {
                case .cache: if let caching { work = cached(work, caching, state, context, trail) }
                case .fallback: if let fallback { work = fallingBack(work, fallback(state, context), context, trail) }
                case .retry: if let retry { work = retrying(work, retry, context) }
                case .timeout: if let timeout { work = timed(work, timeout, context) }
                }
            }
            return work
        }
    }

    private func timed(
        _ work: @escaping Work<State>, _ timeout: Duration, _ context: NodeContext<Payload>
    ) -> Work<State> {
        {
            let time = context.environment.time
            let end = time.now().advanced(by: timeout)
            let result = await limited(until: end, time) {
                do {
                    return Arrival(node: 0, update: UpdateBox(update: try await work()), error: nil, at: nil)
                } catch {
                    return Arrival(node: 0, update: nil, error: error, at: nil)
                }
            }
            let arrival = result.value as? Arrival
            if result.isLate, !Task.isCancelled, !(arrival?.error is Parked) {
                await context.tell(
                    .debug, .policyActed(node: context.shownName, round: context.activation, .timeout(timeout)))
                throw CodedError(
                    .nodeTimeout, "A step took longer than it may.",
                    detail: "node \"\(context.name)\", \(timeout.milliseconds) ms")
            }
            guard let box = arrival?.update as? UpdateBox<State> else {
                throw arrival?.error ?? CodedError(.internalError, "A step ended without a result.")
            }
            return box.update
        }
    }

    private func retrying(
        _ work: @escaping Work<State>, _ retry: any RetryPolicy, _ context: NodeContext<Payload>
    ) -> Work<State> {
        {
            for attempt in 1..<PolicyStack.maxAttempts {
                do {
                    return try await work()
                } catch let error where isFailure(error, context) {
                    guard let (delay, end) = next(retry, attempt, error, context) else { throw error }
                    await context.tell(
                        .debug,
                        .policyActed(
                            node: context.shownName, round: context.activation,
                            .retry(afterAttempt: attempt, delay: delay, error: error)))
                    try await context.environment.time.sleep(until: end)
                }
            }
            return try await work()
        }
    }

    /// How long to wait before the next attempt, and until when; `nil` when there is to be none.
    private func next(
        _ retry: any RetryPolicy, _ attempt: Int, _ error: any Error, _ context: NodeContext<Payload>
    ) -> (Duration, Instant)? {
        // From the step's own name: the same step of the same run draws the same numbers.
        var seed = Fingerprint()
        seed.add(context.stepKey)
        seed.add(UInt64(attempt))
        var generator = SeededGenerator(seed: seed.value)
        guard let delay = retry.delay(afterAttempt: attempt, of: error, using: &generator) else { return nil }
        let end = context.environment.time.now().advanced(by: max(.zero, delay))
        if let deadline = context.run.deadline, end >= deadline { return nil }
        return (delay, end)
    }

    private func fallingBack(
        _ work: @escaping Work<State>, _ fallback: @escaping @Sendable (any Error) async throws -> Update<State>,
        _ context: NodeContext<Payload>, _ trail: Trail
    ) -> Work<State> {
        {
            do {
                return try await work()
            } catch let error where isFailure(error, context) {
                trail.fellBack()
                await context.tell(
                    .debug,
                    .policyActed(node: context.shownName, round: context.activation, .fallback(error: error)))
                return try await fallback(error)
            }
        }
    }

    private func cached(
        _ work: @escaping Work<State>, _ caching: Caching, _ state: borrowing State, _ context: NodeContext<Payload>,
        _ trail: Trail
    ) -> Work<State> {
        guard let key = caching.key(state, context) else { return work }
        let scratch = copy state
        return {
            if let bytes = await caching.cache.lookUp(key), let update = caching.update(bytes) {
                await context.tell(.debug, .policyActed(node: context.shownName, round: context.activation, .cacheHit))
                return update
            }
            let update = try await work()
            if !trail.hasFallenBack, let bytes = caching.bytes(of: update, scratch) {
                await caching.cache.fill(bytes, for: key)
            }
            return update
        }
    }

    /// Whether something has failed, rather than been cancelled, sent home, or stopped at the run's own deadline.
    private func isFailure(_ error: any Error, _ context: NodeContext<Payload>) -> Bool {
        if error is CancellationError || error is Parked || Task.isCancelled { return false }
        guard let deadline = context.run.deadline else { return true }
        return context.environment.time.now() < deadline
    }
}

extension PolicyStack.Caching {
    /// `nil` for values that are no JSON, which are not cached.
    func key(_ state: borrowing State, _ context: NodeContext<Payload>) -> NodeCacheKey? {
        var writer = JSONWriter(reserving: 128)
        writer.beginArray()
        for input in inputs {
            do throws(JSONCodingError) { try input(state, &writer) } catch { return nil }
        }
        writer.endArray()
        return NodeCacheKey(
            scope: context.run.scope, graph: graph, node: context.name, version: version, inputs: writer.bytes)
    }

    /// `nil` for bytes that are not this node's result.
    func update(_ bytes: [UInt8]) -> Update<State>? {
        guard let root = try? JSONDocument(bytes, maxDepth: StepRecord.maxDepth).root else { return nil }
        var writes: [Update<State>] = []
        for field in stored {
            guard let value = root[field.name], let write = try? field.update(value) else { return nil }
            writes.append(write)
        }
        return { [writes] store, rounds in for write in writes { write(&store, rounds) } }
    }

    /// What an update writes, seen on a state that nobody else sees.
    func bytes(of update: Update<State>, _ state: State) -> [UInt8]? {
        var scratch = StateStore(state, heldFields: heldFields)
        scratch.note(in: FieldRecorder(fields), tap: false)
        scratch.isDry = true
        update(&scratch, Array(repeating: 0, count: loops))
        return try? scratch.takeRecord()
    }
}

/// What one activation's policies have to know of one another.
private final class Trail: Sendable {
    private let isDegraded = Atomic(false)

    /// What comes now is the fallback's.
    func fellBack() { isDegraded.store(true, ordering: .relaxed) }
    var hasFallenBack: Bool { isDegraded.load(ordering: .relaxed) }
}
