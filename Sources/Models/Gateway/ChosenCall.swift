internal import Resilience
internal import Synchronization

/// A call that counts for its target from the moment of the choice, so that simultaneous callers see each other.
final class ChosenCall: Sendable {
    private let target: Target
    private let call: Mutex<MeteredCall?>

    init(_ target: Target, _ call: consuming MeteredCall) {
        self.target = target
        self.call = Mutex(call)
    }

    /// Hands it to an attempt at its target; once.
    func take(for target: Target) -> MeteredCall? {
        target == self.target ? call.withLock { $0.take() } : nil
    }

    /// The request has been answered, or not: a call that nobody took was none.
    func release() { _ = call.withLock { $0.take() } }
}
