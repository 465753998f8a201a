internal import Base
internal import HTTP
internal import Resilience

extension RetryAfter {
    /// Reads those of an answer's headers that say anything of waiting; only they become text. At most 64 of them, for
    /// whoever sends hundreds.
    init(answer headers: HTTPHeaders, wall: WallTime) {
        self.init(
            headers.selection(names: Self.names, prefixes: Self.prefixes, limit: 64, maxValue: 256), wall: wall)
    }

    private static let names = ["retry-after", "retry-after-ms"]
    private static let prefixes = ["x-ratelimit-", "anthropic-ratelimit-", "ratelimit-", "x-rate-limit-"]

    /// What the provider still takes, for the gateway.
    var rateCount: RateCount? { count.map { RateCount(remaining: $0.remaining, reset: $0.reset) } }
}

extension CodedError {
    /// Takes the time to wait from the headers that came with it. After a rate limit the reset of a used-up count is a
    /// word as well; after anything else only what the provider asks for.
    mutating func readWait(from headers: HTTPHeaders, wall: WallTime) {
        guard code.retryable || providerStatus == 403 else { return }
        let said = RetryAfter(answer: headers, wall: wall)
        retryAfter = code == .providerRateLimited ? said.wait : said.asked
    }
}
