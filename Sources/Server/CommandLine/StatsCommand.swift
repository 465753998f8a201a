internal import Base
internal import HTTPClient
internal import JSON
internal import Transport

/// `tutti stats`
public struct StatsOptions: Sendable, Equatable {
    public var json = false
}

/// `tutti stats`: how a running server has done since its start.
enum StatsCommand {
    static func run(_ options: StatsOptions, environment: [String: String]) async -> Int32 {
        let group = EventLoopGroup(count: 1)
        let client = HTTPClient(group: group)
        var code: Int32 = 0
        do throws(CodedError) {
            let body = try await ServerConnection(environment, client: client).whole("/api/orchestrator/metrics")
            let text = options.json ? String(decoding: body, as: UTF8.self) + "\n" : try table(body)
            code = TuttiCommand.printed(text)
        } catch {
            TuttiCommand.tellError(error.message, environment)
            code = 1
        }
        await client.shutdown()
        await group.shutdown()
        return code
    }

    /// What it prints, from the server's own words: a line each. Pure.
    static func table(_ body: [UInt8]) throws(CodedError) -> String {
        guard let statistics = (try? JSONDocument(body))?.root, statistics["requests"]?.int != nil else {
            throw CodedError(.providerFailed, "the server gave an answer that is no Tutti server's")
        }
        var lines: [(String, String)] = []
        lines.append(("up", time(statistics["uptimeSeconds"]?.int ?? 0)))
        lines.append(("requests", count(statistics["requests"])))
        lines.append(("success rate", share(statistics["successRate"])))
        lines.append(("running now", count(statistics["running"])))
        lines.append(("latency", spread(statistics["latency"])))
        lines.append(("time to first token", spread(statistics["timeToFirstToken"])))
        lines.append(("cache hit rate", share(statistics["cacheHitRate"])))
        lines.append(("parallel executions", count(statistics["parallelExecutions"])))
        lines.append(("timeouts", count(statistics["timeouts"])))
        lines.append(("retries", count(statistics["retries"])))
        lines.append(("failovers", count(statistics["failovers"])))
        let tokens = statistics["tokens"]
        lines.append(("tokens", "\(count(tokens?["input"])) in, \(count(tokens?["output"])) out"))
        let width = lines.map(\.0.count).max() ?? 0
        return lines.map { $0 + String(repeating: " ", count: width - $0.count + 2) + $1 + "\n" }.joined()
    }

    private static func count(_ node: JSONNode?) -> String {
        guard let value = node?.double, value.isFinite else { return "–" }
        return String(Int64(clamping: Int64(exactly: value.rounded()) ?? 0))
    }

    private static func share(_ node: JSONNode?) -> String {
        guard let value = node?.double else { return "–" }
        return "\(decimal(value * 100, places: 1)) %"
    }

    private static func spread(_ node: JSONNode?) -> String {
        guard let node, let average = node["average"]?.double else { return "–" }
        let quantiles = ["p50", "p95", "p99"].map { "\($0) \(milliseconds(node[$0]?.double ?? 0))" }
        return "\(milliseconds(average)) on average, \(quantiles.joined(separator: ", "))"
    }

    private static func milliseconds(_ value: Double) -> String {
        value < 1000 ? "\(decimal(value, places: value < 10 ? 1 : 0)) ms" : "\(decimal(value / 1000, places: 1)) s"
    }

    /// A number that is not negative, with so many digits behind the point.
    private static func decimal(_ value: Double, places: Int) -> String {
        let factor: Double = places == 0 ? 1 : 10
        let scaled = Int64(exactly: (value * factor).rounded()) ?? .max
        return places == 0 ? "\(scaled)" : "\(scaled / 10).\(scaled % 10)"
    }

    private static func time(_ seconds: Int64) -> String {
        switch seconds {
        case ..<120: "\(seconds) s"
        case ..<7200: "\(seconds / 60) min"
        case ..<172_800: "\(seconds / 3600) h \(seconds / 60 % 60) min"
        default: "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
        }
    }
}

extension HelpText {
    static let stats = """
        Examples
          tutti stats
          tutti stats --json                     the same as GET /api/orchestrator/metrics
          TUTTI_URL=https://tutti.example tutti stats

        Usage: tutti stats [options]
          Prints how the server at TUTTI_URL, or at the default address, has done since its start: requests, success
          rate, times, timeouts and retries. Where the server asks for a key, it takes that of TUTTI_API_KEY.

        Options
          --json     print JSON, durations in milliseconds
          --help     this help

        """
}
