internal import Base

extension CircuitBreaker {
    /// Runs an operation behind the breaker: not at all while it is open. A cancellation says nothing about the
    /// operation; what other errors mean is `meaning`'s to tell.
    /// - Throws: ``CallRefusal`` without running the operation, or what the operation throws.
    public func run<Value>(
        meaning: (any Error) -> CallEnd = { CallEnd($0) }, _ operation: () async throws -> Value
    ) async throws -> Value {
        let permit = try permit()
        let start = time.now()
        do {
            let value = try await operation()
            permit.end(.succeeded(after: time.now().since(start)))
            return value
        } catch {
            permit.end(Task.isCancelled ? .neutral : meaning(error))
            throw error
        }
    }

    /// Runs an operation behind the breaker, and another one in its place when the breaker is open or the first one
    /// fails for a reason that is not the caller's. The fallback gets the reason.
    /// - Throws: what the fallback throws, or the operation's error after a fault of the caller's or a cancellation.
    public func run<Value>(
        meaning: (any Error) -> CallEnd = { CallEnd($0) }, _ operation: () async throws -> Value,
        fallback: (any Error) async throws -> Value
    ) async throws -> Value {
        do {
            return try await run(meaning: meaning, operation)
        } catch {
            let isOurs = !(error is CallRefusal) && meaning(error) == .neutral
            if isOurs || Task.isCancelled { throw error }
            return try await fallback(error)
        }
    }

    /// The same with a value in the place of a fallback.
    public func run<Value>(
        orElse value: @autoclosure () -> Value, meaning: (any Error) -> CallEnd = { CallEnd($0) },
        _ operation: () async throws -> Value
    ) async throws -> Value {
        try await run(meaning: meaning, operation, fallback: { _ in value() })
    }
}
