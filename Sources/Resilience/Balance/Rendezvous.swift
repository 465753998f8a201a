internal import Base

/// Rendezvous hashing: every target draws a lot for a key, and the best lot wins. When a target goes, its keys alone
/// move, each to its second best; when it comes back, they come back. Weights hold as shares of the keys.
struct Rendezvous: Sendable {
    private let names: [UInt64]
    private let weights: [Double]
    private let isEven: Bool

    init(names: [String], weights: [Double]) {
        self.names = names.map { name in
            var fingerprint = Fingerprint()
            fingerprint.add(name)
            return Rendezvous.mixed(fingerprint.value)
        }
        self.weights = weights
        isEven = weights.allSatisfy { $0 == weights.first }
    }

    func place(of key: UInt64, among candidates: TargetSet) -> Int? {
        isEven ? highest(key, candidates) : firstToRing(key, candidates)
    }

    /// The same choice as by the clocks, without their logarithms.
    private func highest(_ key: UInt64, _ candidates: TargetSet) -> Int? {
        var best: Int?
        var highest: UInt64 = 0
        for place in candidates {
            let lot = Rendezvous.mixed(key ^ names[place])
            if lot > highest || best == nil { (best, highest) = (place, lot) }
        }
        return best
    }

    /// Every target has a clock that rings after an exponential time, as early as its weight is large.
    private func firstToRing(_ key: UInt64, _ candidates: TargetSet) -> Int? {
        var best: Int?
        var lowest = Double.infinity
        for place in candidates {
            let lot = Rendezvous.exponential(Rendezvous.mixed(key ^ names[place])) / weights[place]
            if lot < lowest || best == nil { (best, lowest) = (place, lot) }
        }
        return best
    }

    /// Every bit of the result depends on every bit of the number (SplitMix64's last steps).
    static func mixed(_ number: UInt64) -> UInt64 {
        var number = number &+ 0x9E37_79B9_7F4A_7C15
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        return number ^ (number >> 31)
    }

    /// -ln of the bits as a number between 0 and 1, by a series that is the same on every machine.
    static func exponential(_ bits: UInt64) -> Double {
        let uniform = (Double(bits >> 11) + 0.5) * 0x1p-53
        let z = (uniform.significand - 1) / (uniform.significand + 1)
        let square = z * z
        let series = 1 + square * (1.0 / 3 + square * (1.0 / 5 + square * (1.0 / 7 + square / 9)))
        return -(Double(uniform.exponent) * 0.693147180559945 + 2 * z * series)
    }
}
