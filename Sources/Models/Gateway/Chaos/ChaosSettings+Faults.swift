public import Resilience

extension ChaosSettings {
    private static let shortest = Duration.milliseconds(1)
    private static let longest = Duration.seconds(86_400)

    /// Everything that is wrong, in the order of the settings; empty for settings that can be used.
    public var faults: [PolicyFault] {
        var faults: [PolicyFault] = []
        func check(rate: Double, _ key: String) {
            if rate >= 0, rate <= 1 { return }
            faults.append(PolicyFault(key: key, sentence: "It is \(rate): let it be from 0 to 1."))
        }
        func check(time: Duration, _ key: String) {
            if time >= Self.shortest, time <= Self.longest { return }
            faults.append(PolicyFault(key: key, sentence: "It is \(time): let it be from 1ms to 24h."))
        }
        check(rate: latencyRate, "latency_rate")
        check(time: latency, "latency")
        check(rate: errorRate, "error_rate")
        check(rate: cutRate, "cut_rate")
        check(rate: stallRate, "stall_rate")
        check(time: stall, "stall")
        return faults
    }

    /// Whether the calls of a provider are meant.
    public func means(_ provider: String) -> Bool { providers.isEmpty || providers.contains(provider) }
}
