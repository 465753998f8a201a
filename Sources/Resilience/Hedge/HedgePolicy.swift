/// Whether, when and how often a second target is asked while the first one is silent. A plain value: ``faults`` says
/// what is wrong with it, and whoever is given a wrong one works with the nearest sane figures.
public struct HedgePolicy: Hashable, Sendable {
    public var isEnabled: Bool
    /// The second target is asked when the first one has been silent for longer than this part of the recent calls
    /// were; from 0.5 to 0.999.
    public var percentile: Double
    /// So many extra calls at most for every call; over 0, at most 1.
    public var budget: Double
    /// Nobody is asked twice before so many first tokens have been seen lately; at least 1.
    public var minimum: Int
    /// What counts as recent: between a half of it and all of it.
    public var window: Duration

    public init(
        isEnabled: Bool = false, percentile: Double = 0.95, budget: Double = 0.05, minimum: Int = 20,
        window: Duration = .seconds(300)
    ) {
        self.isEnabled = isEnabled
        self.percentile = percentile
        self.budget = budget
        self.minimum = minimum
        self.window = window
    }
}

extension HedgePolicy {
    private static let percentiles = 0.5...0.999
    private static let minima = 1...LatencyWindow.halfLimit
    private static let windows = Duration.seconds(1)...Duration.seconds(86_400)

    /// Everything that is wrong, in the order of the settings; empty for a policy that can be used.
    public var faults: [PolicyFault] {
        var faults: [PolicyFault] = []
        func check(_ isRight: Bool, _ key: String, _ sentence: @autoclosure () -> String) {
            if !isRight { faults.append(PolicyFault(key: key, sentence: sentence())) }
        }
        check(
            Self.percentiles.contains(percentile), "percentile", "It is \(percentile): let it be from 0.5 to 0.999.")
        check(budget > 0 && budget <= 1, "budget", "It is \(budget): let it be over 0 and at most 1.")
        check(
            Self.minima.contains(minimum), "minimum",
            "It is \(minimum): let it be from 1 to \(Self.minima.upperBound).")
        check(Self.windows.contains(window), "window", "It is \(window): let it be from 1s to 24h.")
        return faults
    }

    /// The nearest policy without faults, but for a budget that is none: it buys nothing.
    var sane: HedgePolicy {
        HedgePolicy(
            isEnabled: isEnabled,
            percentile: percentile.isNaN ? 0.95 : percentile.clamped(to: Self.percentiles),
            budget: budget.isNaN ? 0 : budget.clamped(to: 0...1),
            minimum: minimum.clamped(to: Self.minima), window: window.clamped(to: Self.windows))
    }
}

extension Comparable {
    func clamped(to range: ClosedRange<Self>) -> Self { min(max(self, range.lowerBound), range.upperBound) }
}
