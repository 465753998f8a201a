public import Base

/// Chooses targets of a pool. Pure: what is known of the targets, *now* and randomness are inputs, and the same ones
/// lead to the same choices. O(targets) at most, without allocation.
public struct Balance: Sendable {
    public let strategy: BalanceStrategy
    /// At most ``TargetSet/limit``; further ones are never chosen.
    public let targets: [BalanceTarget]

    private let all: TargetSet
    private let rendezvous: Rendezvous
    private var turns: WeightedTurns
    private let weights: [Double]
    /// Infinite where unknown.
    private let prices: [Double]

    /// Figures out of range are taken as the nearest in it.
    public init(_ policy: BalancePolicy, targets: [BalanceTarget]) {
        strategy = policy.strategy
        self.targets = Array(targets.prefix(TargetSet.limit))
        all = TargetSet(first: self.targets.count)
        weights = self.targets.map { $0.weight.isNaN ? 1 : $0.weight.clamped(to: BalancePolicy.weights) }
        prices = self.targets.map { target in
            guard let price = target.price, !price.isNaN else { return .infinity }
            return max(0, price)
        }
        turns = WeightedTurns(weights)
        rendezvous = Rendezvous(names: self.targets.map(\.name), weights: weights)
    }

    /// The place of the target that a call should go to; `nil` when none is available. Calls that fail ask again,
    /// without the targets that they have tried.
    /// - Parameters:
    ///   - conversation: What stands for the conversation, for ``BalanceStrategy/sticky``: a fingerprint of its id.
    ///   - isWhole: Whether the answer is to come as a whole, for ``BalanceStrategy/lowestLatency``.
    ///   - randomness: 64 random bits.
    ///   - load: What is known of the target at a place.
    public mutating func pick(
        from available: TargetSet, conversation: UInt64? = nil, isWhole: Bool = false, now: Instant,
        randomness: UInt64, load: (Int) -> TargetLoad
    ) -> Int? {
        let candidates = available.intersection(all)
        guard let first = candidates.first else { return nil }
        switch strategy {
        case .order: return first
        case .weighted: return turns.next(of: candidates)
        case .leastBusy: return leastBusy(of: candidates, now, randomness, load)
        case .lowestLatency: return fasterOfTwo(of: candidates, isWhole, now, randomness, load)
        case .lowestCost: return leastBusy(of: cheapest(of: candidates), now, randomness, load)
        case .sticky:
            guard let conversation else { return leastBusy(of: candidates, now, randomness, load) }
            return rendezvous.place(of: conversation, among: candidates)
        }
    }

    private func cheapest(of candidates: TargetSet) -> TargetSet {
        var cheapest = TargetSet()
        var lowest = Double.infinity
        for place in candidates {
            if prices[place] < lowest {
                lowest = prices[place]
                cheapest = TargetSet()
            }
            if prices[place] == lowest { cheapest.insert(place) }
        }
        return cheapest
    }

    /// Of equally busy ones each is as likely.
    private func leastBusy(
        of candidates: TargetSet, _ now: Instant, _ randomness: UInt64, _ load: (Int) -> TargetLoad
    ) -> Int? {
        var best: Int?
        var lowest = Double.infinity
        var equal: UInt64 = 0
        var random = randomness
        for place in candidates {
            let busy = (load(place).busy(now: now) + 1) / weights[place]
            if busy < lowest {
                (best, lowest, equal) = (place, busy, 1)
            } else if busy == lowest {
                equal += 1
                random = Rendezvous.mixed(random)
                if random.multipliedFullWidth(by: equal).high == 0 { best = place }
            }
        }
        return best
    }

    /// Choosing among all would send every caller to the one that was best a moment ago.
    private func fasterOfTwo(
        of candidates: TargetSet, _ isWhole: Bool, _ now: Instant, _ randomness: UInt64, _ load: (Int) -> TargetLoad
    ) -> Int? {
        let count = UInt64(candidates.count)
        guard count > 1 else { return candidates.first }
        let one = ((randomness >> 32) * count) >> 32
        let step = 1 + (((randomness & 0xffff_ffff) * (count - 1)) >> 32)
        guard let first = candidates.place(at: Int(one)), let second = candidates.place(at: Int((one + step) % count))
        else { return candidates.first }
        func cost(_ place: Int) -> Double { load(place).cost(now: now, isWhole: isWhole) / weights[place] }
        return cost(second) < cost(first) ? second : first
    }
}
