internal import Models
internal import Synchronization

/// The targets that the configuration names, whose models may be labels. Followed by all metrics at once when the
/// configuration is loaded again. A short lock.
final class KnownTargets: Sendable {
    private let targets: Mutex<Set<Target>>

    init(_ targets: Set<Target>) { self.targets = Mutex(targets) }

    func replace(with targets: Set<Target>) { self.targets.withLock { $0 = targets } }

    /// The model's name as a label: one that only callers name becomes `other`.
    func model(of target: Target) -> String {
        targets.withLock { $0.contains(target) } ? target.model : RateBoard.otherModel
    }
}
