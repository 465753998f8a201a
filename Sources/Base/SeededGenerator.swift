/// A seeded generator (xoshiro256++, state spread by SplitMix64): the same seed gives the same run. Ids, jitter
/// and sampling draw from one that is passed in; nothing in the house calls the system's generator but drivers.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var s0: UInt64
    private var s1: UInt64
    private var s2: UInt64
    private var s3: UInt64

    public init(seed: UInt64) {
        var state = seed
        func spread(_ state: inout UInt64) -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
        s0 = spread(&state)
        s1 = spread(&state)
        s2 = spread(&state)
        s3 = spread(&state)
    }

    public mutating func next() -> UInt64 {
        let sum = s0 &+ s3
        let result = (sum << 23 | sum >> 41) &+ s0
        let shifted = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= shifted
        s3 = s3 << 45 | s3 >> 19
        return result
    }

    /// A generator of its own for a part of the work, so that parts do not disturb each other's draws.
    public mutating func split() -> SeededGenerator { SeededGenerator(seed: next()) }
}
