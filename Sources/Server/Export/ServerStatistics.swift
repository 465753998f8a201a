internal import JSON
internal import Telemetry

/// How a server has done since its start, in the few numbers that people ask for first. `/metrics` has all of them.
struct ServerStatistics: Sendable, Equatable {
    /// How long something took, in seconds.
    struct Spread: Sendable, Equatable {
        var average: Double
        var p50: Double
        var p95: Double
        var p99: Double

        init?(_ distribution: Distribution?) {
            guard let distribution, let average = distribution.average,
                let p50 = distribution.quantile(0.5), let p95 = distribution.quantile(0.95),
                let p99 = distribution.quantile(0.99)
            else { return nil }
            (self.average, self.p50, self.p95, self.p99) = (average, p50, p95, p99)
        }
    }

    /// Seconds since the start.
    var uptime: Int64
    /// Turns and embeddings that were answered or have failed. What its caller has cancelled is neither.
    var requests: UInt64
    /// Those of them that have their whole answer.
    var succeeded: UInt64
    var running: Int64
    /// From the beginning of a turn to its whole answer; `nil` without requests.
    var latency: Spread?
    /// Of model calls.
    var firstToken: Spread?
    /// Runs with several experts at once.
    var parallelExecutions: UInt64
    /// Of the look-ups in caches, those that found something.
    var cacheHits: UInt64
    var cacheMisses: UInt64
    var timeouts: UInt64
    var retries: UInt64
    var failovers: UInt64
    var inputTokens: Double
    var outputTokens: Double

    /// `nil` without requests.
    var successRate: Double? { requests == 0 ? nil : Double(succeeded) / Double(requests) }
    var hitRate: Double? {
        let all = cacheHits + cacheMisses
        return all == 0 ? nil : Double(cacheHits) / Double(all)
    }

    /// Durations in milliseconds.
    var json: JSON {
        [
            "uptimeSeconds": .int(uptime), "requests": Self.count(requests), "succeeded": Self.count(succeeded),
            "successRate": Self.number(successRate), "running": .int(running), "latency": Self.json(latency),
            "timeToFirstToken": Self.json(firstToken), "parallelExecutions": Self.count(parallelExecutions),
            "cacheHitRate": Self.number(hitRate), "timeouts": Self.count(timeouts), "retries": Self.count(retries),
            "failovers": Self.count(failovers),
            "tokens": ["input": .double(inputTokens.rounded()), "output": .double(outputTokens.rounded())],
        ]
    }

    private static func count(_ value: UInt64) -> JSON { .int(Int64(clamping: value)) }
    private static func number(_ value: Double?) -> JSON { value.map { .double($0) } ?? .null }

    private static func json(_ spread: Spread?) -> JSON {
        guard let spread else { return .null }
        return [
            "average": .double(spread.average * 1000), "p50": .double(spread.p50 * 1000),
            "p95": .double(spread.p95 * 1000), "p99": .double(spread.p99 * 1000),
        ]
    }
}
