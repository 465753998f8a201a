import Foundation
import Models
import Orchestrator
import Transport

/// What one more expert costs a turn: the whole chat graph, with both guards on and resilience as it is configured by
/// default, on models that answer at once with 64 tokens, in this process and on one event loop. Prints one JSON object:
/// microseconds of the process's CPU time and allocations a turn, by the way of answering, the output guard, the fusion
/// and the number of experts. Run it in release, on an idle machine.
///
/// With arguments it only runs one way again and again, for a profiler: `stream|whole flag|redact FUSION EXPERTS TURNS`,
/// where the fusion `none` is a request that is pinned to one model.
@main
struct OrchestrationBench {
    static let rounds = 200
    /// Of one way in one round: two milliseconds or so, since a machine that has other guests is seldom quiet for longer.
    static let turns = 12
    static let sizes = [1, 2, 3, 6]
    /// None of them asks a model of its own.
    static let fusions: [(name: String, rule: FusionRule)] = [
        ("lead", .lead("m1")), ("concatenate", .concatenate(separator: "\n\n", titled: false)), ("vote", .vote),
        ("best", .best([FusionSignal(.agreement), FusionSignal(.format), FusionSignal(.length(20...2000))])),
    ]

    struct Failure: Error, CustomStringConvertible { let description: String }

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let group = EventLoopGroup(count: 1)
        let loop = group.loops[0]
        let result = try await Task(executorPreference: loop) {
            guard loop.isCurrent else { throw Failure(description: "This does not run on its event loop.") }
            let clock = LoopClock(group)
            return arguments.isEmpty ? try await measure(clock) : try await again(arguments, clock)
        }.value
        await group.shutdown()
        print(result)
    }

    private static func measure(_ clock: LoopClock) async throws -> String {
        var ways: [(name: String, guards: GuardSettings.OutputPolicy, isStreaming: Bool)] = []
        for guards in [GuardSettings.OutputPolicy.flag, .redact] {
            ways += [("stream", guards, true), ("whole", guards, false)]
        }
        let all = try ways.map { try Series($0.guards, $0.isStreaming, clock) }
        for series in all { try await series.warmUp() }
        for _ in 0..<rounds { for series in all { try await series.measure() } }
        let members = zip(ways, all).map { way, series in "\"\(way.name)_\(way.guards)\": \(series.object)" }
        return "{\(members.joined(separator: ", "))}"
    }

    private static func again(_ arguments: [String], _ clock: LoopClock) async throws -> String {
        guard arguments.count == 5, let guards = GuardSettings.OutputPolicy(rawValue: arguments[1]),
            let experts = Int(arguments[3]), (1...TokenModel.names.count).contains(experts),
            let turns = Int(arguments[4])
        else { throw Failure(description: "stream|whole flag|redact FUSION EXPERTS TURNS") }
        let fusion = fusions.first { $0.name == arguments[2] }?.rule
        let way = try Way(experts, fusion, guards: guards, isStreaming: arguments[0] == "stream", clock)
        try await way.measure(turns)
        return "{\"us\": \(rounded(way.microseconds)), \"allocations\": \(rounded(way.allocations))}"
    }

    static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

/// All ways that have the guard and the way of answering in common; they take turns.
struct Series {
    private let pinned: Way
    private let fused: [(name: String, ways: [Way])]

    init(_ guards: GuardSettings.OutputPolicy, _ isStreaming: Bool, _ clock: LoopClock) throws {
        pinned = try Way(1, nil, guards: guards, isStreaming: isStreaming, clock)
        fused = try OrchestrationBench.fusions.map { name, rule in
            let ways = try OrchestrationBench.sizes.map {
                try Way($0, rule, guards: guards, isStreaming: isStreaming, clock)
            }
            return (name, ways)
        }
    }

    private var all: [Way] { [pinned] + fused.flatMap(\.ways) }

    /// Graphs are built, circuits and limits learn their targets.
    func warmUp() async throws { for way in all { try await way.run(8 * OrchestrationBench.turns) } }

    func measure() async throws { for way in all { try await way.measure(OrchestrationBench.turns) } }

    var object: String {
        let members =
            ["\"pinned\": {\(Self.figures(pinned, "1"))}"] + fused.map { "\"\($0.name)\": \(Self.object($0.ways))" }
        return "{\(members.joined(separator: ", "))}"
    }

    /// What a turn costs by the number of experts, and what each expert more has cost.
    private static func object(_ ways: [Way]) -> String {
        var members = ways.map { figures($0, "\($0.experts)") }
        for (few, many) in [(1, 3), (3, 6)] {
            guard let less = ways.first(where: { $0.experts == few }),
                let more = ways.first(where: { $0.experts == many })
            else { continue }
            let count = Double(many - few)
            members.append(
                "\"added_\(few)_to_\(many)_us\": "
                    + "\(OrchestrationBench.rounded((more.microseconds - less.microseconds) / count)), "
                    + "\"added_\(few)_to_\(many)_allocations\": "
                    + "\(OrchestrationBench.rounded((more.allocations - less.allocations) / count))")
        }
        return "{\(members.joined(separator: ", "))}"
    }

    private static func figures(_ way: Way, _ name: String) -> String {
        "\"\(name)_us\": \(OrchestrationBench.rounded(way.microseconds)), "
            + "\"\(name)_allocations\": \(OrchestrationBench.rounded(way.allocations))"
    }
}
