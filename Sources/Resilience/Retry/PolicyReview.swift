/// Collects what is wrong with a policy.
struct PolicyReview {
    static let shortest = BreakerPolicy.shortest
    static let longest = BreakerPolicy.longest

    private(set) var faults: [PolicyFault] = []

    mutating func check(_ isRight: Bool, _ key: String, _ sentence: @autoclosure () -> String) {
        if !isRight { faults.append(PolicyFault(key: key, sentence: sentence())) }
    }

    mutating func check(_ time: Duration, _ key: String) {
        check(
            time >= Self.shortest && time <= Self.longest, key, "It is \(time): let it be from 1ms to 24h.")
    }

    mutating func check(_ count: Int, in range: ClosedRange<Int>, _ key: String) {
        check(
            range.contains(count), key,
            "It is \(count): let it be from \(range.lowerBound) to \(range.upperBound).")
    }

    /// The nearest time that is right.
    static func sane(_ time: Duration) -> Duration { min(max(time, shortest), longest) }
}
