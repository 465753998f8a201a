internal import Models
internal import Resilience

extension ConfigurationKey {
    static let resilience: [ConfigurationKey] = timeouts + retry + reasons + breaker + hedge + answers + limits

    private static let timeouts: [ConfigurationKey] = [
        duration(
            "resilience.timeouts.connect",
            \.resilience.timeouts.connect,
            "The time to connect to a provider, TLS included."
        ),
        duration(
            "resilience.timeouts.first_byte",
            \.resilience.timeouts.firstByte,
            "The time from a request to the first byte of a streamed answer; a whole one has the total."
        ),
        duration(
            "resilience.timeouts.first_token",
            \.resilience.timeouts.firstToken,
            "The time from a request to the first token of a streamed answer; the last model of a chain has no such limit."
        ),
        duration(
            "resilience.timeouts.between_tokens",
            \.resilience.timeouts.betweenTokens,
            "The longest silence inside a provider's stream."
        ),
        duration(
            "resilience.timeouts.total", \.resilience.timeouts.total,
            "The time for a whole call to a provider, and for a whole request."),
        duration(
            "resilience.timeouts.minimum", \.resilience.timeouts.minimum,
            "No call begins when its request has less time left than this.", from: .zero),
    ]

    private static let retry: [ConfigurationKey] = [
        count(
            "resilience.retry.retries", \.resilience.retry.retries, "Further attempts on one target, after the first.",
            0...100),
        count(
            "resilience.retry.max_attempts", \.resilience.retry.maxAttempts,
            "Attempts of one request on all targets together.",
            1...100),
        number(
            "resilience.retry.factor", \.resilience.retry.factor,
            "What the delay is multiplied by with each further retry.",
            1...100),
        duration(
            "resilience.retry.initial_delay", \.resilience.retry.initialDelay,
            "The longest delay before the first retry; each is drawn between nothing and the longest."),
        duration(
            "resilience.retry.max_delay", \.resilience.retry.maxDelay,
            "The longest delay of all, and the longest that a provider may ask to wait before the next target is asked."
        ),
        number(
            "resilience.retry.budget", \.resilience.retry.budget,
            "How many retries a provider gets for each request, beside three a second.", 0...1),
    ]

    private static let breaker: [ConfigurationKey] = [
        count(
            "resilience.breaker.failures", \.resilience.breaker.failures,
            "So many failures in a row open the circuit of a provider's model.", 1...1_000_000),
        number(
            "resilience.breaker.failure_rate", \.resilience.breaker.failureRate,
            "This part of the calls in the window that fail opens it.", 0.001...1),
        number(
            "resilience.breaker.slow_rate", \.resilience.breaker.slowRate,
            "This part of the calls in the window that are slow opens it.", 0.001...1),
        duration(
            "resilience.breaker.slow_after", \.resilience.breaker.slowAfter,
            "A stream whose first event took longer is slow."),
        duration("resilience.breaker.window", \.resilience.breaker.window, "The time that both rates look back over."),
        count(
            "resilience.breaker.minimum", \.resilience.breaker.minimum, "The rates say nothing before so many calls.",
            1...1_000_000),
        duration(
            "resilience.breaker.reset", \.resilience.breaker.reset,
            "How long it stays open before one call tries the provider."),
        duration(
            "resilience.breaker.max_reset", \.resilience.breaker.maxReset,
            "What that doubles up to while those calls fail."),
        choice(
            "resilience.breaker.mode", \.resilience.breaker.mode,
            "Whether circuits decide by themselves, are held open or closed, or are not there at all; without them "
                + "nobody remembers either what a provider has said of its key and its limits."
        ),
    ]
}
