extension Configuration {
    /// When a phase of a run is told as a bottleneck. A time of zero is none.
    public struct Phases: Sendable, Equatable {
        /// Of the whole run.
        public internal(set) var share = 0.5
        public internal(set) var validation = Duration.zero
        public internal(set) var routing = Duration.zero
        public internal(set) var execution = Duration.zero
        public internal(set) var fusion = Duration.zero
        public internal(set) var outputGuard = Duration.zero
        public internal(set) var cache = Duration.zero
        public internal(set) var firstToken = Duration.zero

        var rule: BottleneckRule {
            let times: [(RunPhase, Duration)] = [
                (.validation, validation), (.routing, routing), (.execution, execution), (.fusion, fusion),
                (.outputGuard, outputGuard), (.cache, cache),
            ]
            let budgets = Dictionary(uniqueKeysWithValues: times.filter { $0.1 > .zero })
            return BottleneckRule(
                share: share, budgets: budgets, firstToken: firstToken > .zero ? firstToken : nil)
        }
    }
}

/// What each phase of a run may take before it is told.
extension ConfigurationKey {
    static let phases: [ConfigurationKey] = [
        number(
            "phases.share", \.phases.share,
            "The share of a run over which one of its phases is told as a bottleneck.", 0...1),
        phase("validation", \.phases.validation, "the request's checks"),
        phase("routing", \.phases.routing, "the choice of a plan"),
        phase("execution", \.phases.execution, "the plan's experts"),
        phase("fusion", \.phases.fusion, "making one answer of several"),
        phase("output_guard", \.phases.outputGuard, "the settling of the output guard"),
        phase("cache", \.phases.cache, "looking answers up"),
        phase("first_token", \.phases.firstToken, "everything before the first token of a stream"),
    ]

    private static func phase(_ name: String, _ field: any Field<Duration>, _ what: String) -> ConfigurationKey {
        duration(
            "phases.\(name)", field, "The time over which \(what) is told as a bottleneck; 0s for none.", from: .zero,
            to: .seconds(3600))
    }
}
