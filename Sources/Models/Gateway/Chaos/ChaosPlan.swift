internal import Base

/// What is done to one call on purpose. Pure: drawn from settings and chance, carried out by ``ChaosModel``.
struct ChaosPlan: Sendable, Hashable {
    /// What fails before the provider is asked at all.
    enum Failure: Sendable, Hashable {
        /// The provider's status 500 and 503.
        case failed, overloaded
        /// 429, with what the provider asks to wait.
        case rateLimited(Duration)
        /// The connection breaks before the answer's head.
        case reset
    }

    struct Stall: Sendable, Hashable {
        /// So many events come before it.
        var after: Int
        var duration: Duration
    }

    /// How long the call waits before it is made.
    var latency: Duration?
    var failure: Failure?
    /// So many events come before the stream is silent, or breaks off; at the latest its end does not come.
    var stall: Stall?
    var cut: Int?

    /// An answer's first events: later faults are the same to whoever reads it, and short answers would have none.
    static let mostEvents = 20
    /// A rehearsed rate limit asks for so many seconds.
    static let rests = 1...5

    /// Whether the call is left alone.
    var isNone: Bool { self == ChaosPlan() }

    /// Takes the same number of draws whatever the settings are, so that changing one rate moves no other fault of the
    /// same seed. Rates beyond 0 and 1 mean those, and what is no number means never.
    static func draw(_ settings: ChaosSettings, using generator: inout some RandomNumberGenerator) -> ChaosPlan {
        func hits(_ rate: Double) -> Bool { Double.random(in: 0..<1, using: &generator) < rate }
        func events() -> Int { Int.random(in: 0...mostEvents, using: &generator) }
        var plan = ChaosPlan()
        let isLate = hits(settings.latencyRate)
        let latency = part(of: settings.latency, Double.random(in: 0..<1, using: &generator))
        if isLate { plan.latency = latency }
        let fails = hits(settings.errorRate)
        let failure = failure(Int.random(in: 0..<4, using: &generator), Int.random(in: rests, using: &generator))
        let (isCut, cut) = (hits(settings.cutRate), events())
        let (stalls, stall) = (hits(settings.stallRate), events())
        if fails {
            // What fails has no stream.
            plan.failure = failure
            return plan
        }
        if isCut { plan.cut = cut }
        if stalls { plan.stall = Stall(after: stall, duration: max(.zero, settings.stall)) }
        return plan
    }

    /// An answer that comes whole has no events to count: it is silent or breaks off before all of it.
    var ofWholeAnswer: ChaosPlan {
        var plan = self
        if plan.cut != nil { plan.cut = 0 }
        plan.stall?.after = 0
        return plan
    }

    private static func failure(_ kind: Int, _ rest: Int) -> Failure {
        switch kind {
        case 0: .failed
        case 1: .overloaded
        case 2: .rateLimited(.seconds(rest))
        default: .reset
        }
    }

    /// `share` is below 1, so the product fits.
    private static func part(of whole: Duration, _ share: Double) -> Duration {
        .nanoseconds(Int64(clamping: Int128(Double(max(0, whole.saturatingNanoseconds)) * share)))
    }
}
