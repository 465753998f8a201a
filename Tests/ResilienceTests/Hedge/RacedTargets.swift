import Base
import Resilience
import Synchronization

/// Two targets that a function asks, as a call that may be hedged.
private final class RacedTargets<Target: Sendable, Value: Sendable>: HedgedCall {
    typealias Call = @Sendable (Target, CancellationToken?) async throws(CodedError) -> Value

    let first: Target
    private let find: @Sendable () -> Target?
    private let onEvent: @Sendable (Target, HedgeEvent) -> Void
    private let call: Call
    private let second = Mutex<(target: Target?, value: Value?)>((nil, nil))

    init(
        _ first: Target, _ find: @escaping @Sendable () -> Target?,
        _ onEvent: @escaping @Sendable (Target, HedgeEvent) -> Void, _ call: @escaping Call
    ) {
        self.first = first
        self.find = find
        self.onEvent = onEvent
        self.call = call
    }

    var value: Value? { second.withLock(\.value) }

    func chooseSecond() -> Bool {
        let target = find()
        second.withLock { $0.target = target }
        return target != nil
    }

    func askSecond() async throws(CodedError) {
        guard let target = second.withLock(\.target) else { return }
        let value = try await call(target, nil)
        second.withLock { $0.value = value }
    }

    func happened(_ event: HedgeEvent, to side: HedgeRace.Side) {
        let second = second.withLock(\.target)
        onEvent(side == .primary ? first : second ?? first, event)
    }
}

extension Hedge {
    /// Asks a target in this task, and a second one while the first is silent for too long.
    /// - Parameters:
    ///   - discard: Gets the value of a loser that was too late to be stopped.
    ///   - call: Gets the token that ends the first side.
    func race<Target: Sendable, Value: Sendable>(
        from first: Target, to second: @escaping @Sendable () -> Target?, hasEffects: Bool = false,
        discard: (Value) -> Void = { _ in }, onEvent: @escaping @Sendable (Target, HedgeEvent) -> Void = { _, _ in },
        call: @escaping @Sendable (Target, CancellationToken?) async throws(CodedError) -> Value
    ) async throws(CodedError) -> Value {
        let targets = RacedTargets(first, second, onEvent, call)
        let run = begin(targets, hasEffects: hasEffects)
        let own: Result<Value, CodedError>
        do throws(CodedError) { own = .success(try await call(first, run.token)) } catch { own = .failure(error) }
        var error: CodedError?
        if case .failure(let failure) = own { error = failure }
        let outcome = await run.end(error)
        let value = try? own.get()
        switch outcome {
        case .won(.primary):
            if let late = targets.value { discard(late) }
            return try own.get()
        case .won(.hedge):
            if let value { discard(value) }
            guard let winner = targets.value else { throw CodedError(.internalError, "The winner has no value.") }
            return winner
        case .failed(let error):
            for late in [value, targets.value] { if let late { discard(late) } }
            throw error
        }
    }
}
