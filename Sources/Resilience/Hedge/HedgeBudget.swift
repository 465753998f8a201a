/// What extra calls may be made: every call pays in its part of one, and an extra call takes a whole one. It starts with
/// nothing, so that at no time more than that part of the calls have been extra, and saves little, so that a quiet hour
/// does not pay for a storm. Pure, O(1), without allocation.
public struct HedgeBudget: Sendable {
    /// So many extra calls can be saved.
    public static let limit = 20
    /// Counted in whole millionths, which do not drift.
    private static let call = 1_000_000

    private let share: Int
    private var saved = 0

    /// The budget of a policy; a part that is no number from 0 to 1 is taken as the nearest.
    public init(_ policy: HedgePolicy = HedgePolicy()) {
        share = Int(policy.sane.budget * Double(HedgeBudget.call))
    }

    /// So many extra calls could be made now.
    public var available: Int { saved / HedgeBudget.call }

    /// A call is made that could be hedged.
    public mutating func offer() { saved = min(saved + share, HedgeBudget.limit * HedgeBudget.call) }

    /// An extra call is to be made; whether it may.
    public mutating func take() -> Bool {
        guard saved >= HedgeBudget.call else { return false }
        saved -= HedgeBudget.call
        return true
    }
}
