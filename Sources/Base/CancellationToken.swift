internal import Synchronization

/// Ends a piece of work, and not the task that it runs in, which goes on with something else. The work is a sequence of
/// waits; before each of them it says how to end it. From any thread; without allocation but for what ends a wait.
public final class CancellationToken: Sendable {
    private enum State {
        case idle
        case waiting(@Sendable () -> Void)
        case cancelled
    }

    private let state = Mutex(State.idle)

    public init() {}

    public var isCancelled: Bool { state.withLock { if case .cancelled = $0 { true } else { false } } }

    /// Ends what the work waits for, and whatever it would wait for later.
    public func cancel() {
        let last = state.withLock { state in
            defer { state = .cancelled }
            return state
        }
        if case .waiting(let end) = last { end() }
    }

    /// What ends the wait that comes next, in place of what ended the one before. It is called at once when the token
    /// has been cancelled, at most once, outside of all locks; it must not block.
    public func onCancel(_ end: @escaping @Sendable () -> Void) {
        // What it replaces is let go after the lock: it may be the last that holds something.
        let last = state.withLock { state in
            let last = state
            if case .cancelled = last { return last }
            state = .waiting(end)
            return last
        }
        if case .cancelled = last { end() }
    }

    /// Runs work that ends with its task alone: in a child task, which this token cancels. Two tasks, and the price of
    /// them, for what cannot say how its waits are ended.
    /// - Throws: what the work throws, after a cancellation as well.
    public func cancelling<Value: Sendable>(
        _ work: @escaping @Sendable () async throws(CodedError) -> Value
    ) async throws(CodedError) -> Value {
        let (cancellation, end) = AsyncStream.makeStream(of: Never.self)
        onCancel { end.finish() }
        return try await withTaskGroup(of: Result<Value, CodedError>?.self) { group in
            group.addImmediateTask {
                do throws(CodedError) { return .success(try await work()) } catch { return .failure(error) }
            }
            group.addImmediateTask {
                for await _ in cancellation {}
                return nil
            }
            var outcome = Result<Value, CodedError>.failure(CodedError(.cancelled, "The request was cancelled."))
            // Whoever is first ends the other one.
            while let ended = await group.next() {
                group.cancelAll()
                if let ended { outcome = ended }
            }
            return outcome
        }.get()
    }
}
