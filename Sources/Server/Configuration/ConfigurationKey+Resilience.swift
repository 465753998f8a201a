internal import Resilience

extension ConfigurationKey {
    static let resilience: [ConfigurationKey] = timeouts + retry + breaker

    private static let timeouts: [ConfigurationKey] = [
        duration(
            "resilience.timeouts.connect",
            \.timeouts.connect,
            "The time to connect to a provider, TLS included."
        ),
        duration(
            "resilience.timeouts.first_byte",
            \.timeouts.firstByte,
            "The time from a request to the first byte of a streamed answer; a whole one has the total."
        ),
        duration(
            "resilience.timeouts.between_tokens",
            \.timeouts.betweenTokens,
            "The longest silence inside a provider's stream."
        ),
        duration("resilience.timeouts.total", \.timeouts.total, "The time for a whole call to a provider."),
    ]

    private static let retry: [ConfigurationKey] = [
        count("resilience.retry.retries", \.retry.retries, "Further attempts on one target, after the first.", 0...100),
        count(
            "resilience.retry.max_attempts", \.retry.maxAttempts, "Attempts of one request on all targets together.",
            1...100),
        number(
            "resilience.retry.factor", \.retry.factor, "What the delay is multiplied by with each further retry.",
            1...100),
        duration(
            "resilience.retry.initial_delay", \.retry.initialDelay,
            "The longest delay before the first retry; each is drawn between nothing and the longest."),
        duration(
            "resilience.retry.max_delay", \.retry.maxDelay,
            "The longest delay of all, and the longest that a provider may ask to wait before the next target is asked."
        ),
        number(
            "resilience.retry.budget", \.retry.budget,
            "How many retries a provider gets for each request, beside three a second.", 0...1),
    ]

    private static let breaker: [ConfigurationKey] = [
        count(
            "resilience.breaker.failures", \.breaker.failures,
            "So many failures in a row open the circuit of a provider's model.", 1...1_000_000),
        number(
            "resilience.breaker.failure_rate", \.breaker.failureRate,
            "This part of the calls in the window that fail opens it.", 0.001...1),
        number(
            "resilience.breaker.slow_rate", \.breaker.slowRate,
            "This part of the calls in the window that are slow opens it.", 0.001...1),
        duration(
            "resilience.breaker.slow_after", \.breaker.slowAfter,
            "A stream whose first event took longer is slow."),
        duration("resilience.breaker.window", \.breaker.window, "The time that both rates look back over."),
        count(
            "resilience.breaker.minimum", \.breaker.minimum, "The rates say nothing before so many calls.",
            1...1_000_000),
        duration(
            "resilience.breaker.reset", \.breaker.reset, "How long it stays open before one call tries the provider."),
        duration(
            "resilience.breaker.max_reset", \.breaker.maxReset, "What that doubles up to while those calls fail."),
        one(
            "resilience.breaker.mode", \.breaker.mode,
            "Whether circuits decide by themselves, are held open or closed, or are not there at all; without them "
                + "nobody remembers either what a provider has said of its key and its limits.",
            "one of automatic, forced_open, forced_closed, off",
            read: { BreakerMode(rawValue: $0) }, show: { $0.rawValue }),
    ]

    private static func count(
        _ path: String, _ field: any Field<Int>, _ meaning: String, _ range: ClosedRange<Int>
    ) -> ConfigurationKey {
        one(
            path, field, meaning, "a whole number from \(range.lowerBound) to \(range.upperBound)",
            read: { Quantities.count($0).flatMap { range.contains($0) ? $0 : nil } }, show: { "\($0)" })
    }

    private static func number(
        _ path: String, _ field: any Field<Double>, _ meaning: String, _ range: ClosedRange<Double>
    ) -> ConfigurationKey {
        @Sendable func text(_ value: Double) -> String { value == value.rounded() ? "\(Int(value))" : "\(value)" }
        return one(
            path, field, meaning, "a number from \(text(range.lowerBound)) to \(text(range.upperBound))",
            read: { given in
                guard given.utf8.count <= 32, let value = Double(given), range.contains(value) else { return nil }
                return value
            },
            show: { text($0) })
    }
}
