/// Smooth weighted round robin: each one gains its weight in every turn, the richest one has it and pays for all. The
/// choices of one target are as far apart as they can be, and each gets exactly its share.
struct WeightedTurns: Sendable {
    /// In thousandths, so that nothing drifts.
    private let weights: [Int]
    private var credits: [Int]

    /// Weights from 0.001 to 1000.
    init(_ weights: [Double]) {
        self.weights = weights.map { Int(($0 * 1000).rounded()) }
        credits = Array(repeating: 0, count: weights.count)
    }

    /// Whoever is not a candidate keeps what it has.
    mutating func next(of candidates: TargetSet) -> Int? {
        var best: Int?
        var total = 0
        for place in candidates {
            credits[place] += weights[place]
            total += weights[place]
            if best.map({ credits[place] > credits[$0] }) ?? true { best = place }
        }
        if let best { credits[best] -= total }
        return best
    }
}
