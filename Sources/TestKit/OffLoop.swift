internal import Transport

/// Runs blocking work of a test on a thread of its own, so that neither a loop nor the shared pool waits for it.
public func offLoop<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.start(name: "test-work") { continuation.resume(with: Result { try work() }) }
    }
}
