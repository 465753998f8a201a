import Base
import CAllocations
import Foundation
import Models
import Resilience
import Transport

/// What resilience costs a request when nothing fails: a gateway with everything on, and the same gateway with one
/// attempt a target and nothing else. The models answer at once, in this process; all runs on an event loop, as in the
/// server. Prints one JSON object: nanoseconds of the process's CPU time and allocations a request. Run it in release,
/// on an idle machine.
@main
struct ResilienceBench {
    static let rounds = 60
    /// Of one gateway in one round.
    static let requests = 1_000

    static func main() async throws {
        let group = EventLoopGroup(count: 1)
        let loop = group.loops[0]
        let result = try await Task(executorPreference: loop) {
            // Elsewhere a hedge has no timer of a loop, and makes a task for each call.
            guard loop.isCurrent else { throw Failure(description: "This does not run on its event loop.") }
            return try await measure(LoopClock(group))
        }.value
        await group.shutdown()
        print(result)
    }

    static func measure(_ clock: LoopClock) async throws -> String {
        var members: [String] = []
        for (name, isStreaming) in [("stream", true), ("whole", false)] {
            let ways = [
                Way(nil, clock), Way(settings(hedged: false), clock), Way(settings(hedged: true), clock),
            ]
            // Circuits, limits and hedges learn their targets; the hedge needs some times before it does anything.
            for way in ways { try await way.run(requests, isStreaming) }
            for _ in 0..<rounds {
                for way in ways { try await way.measure(requests, isStreaming) }
            }
            members.append("\"\(name)\": \(object(ways))")
        }
        return "{\(members.joined(separator: ", "))}"
    }

    /// All that can be on by configuration, as it comes; hedging is off unless it is asked for.
    static func settings(hedged: Bool) -> ResilienceSettings {
        var settings = ResilienceSettings()
        settings.hedge.isEnabled = hedged
        return settings
    }

    private static func object(_ ways: [Way]) -> String {
        let names = ["none", "unhedged", "all"]
        var members: [String] = []
        for (name, way) in zip(names, ways) {
            members.append("\"\(name)_ns\": \(rounded(way.nanoseconds))")
            members.append("\"\(name)_allocations\": \(rounded(way.allocations))")
        }
        for (name, way) in zip(names, ways).dropFirst() {
            members.append("\"\(name)_over_ns\": \(rounded(way.nanoseconds - ways[0].nanoseconds))")
            members.append("\"\(name)_over_allocations\": \(rounded(way.allocations - ways[0].allocations))")
        }
        return "{\(members.joined(separator: ", "))}"
    }

    struct Failure: Error, CustomStringConvertible { let description: String }

    private static func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}

/// One gateway, and the least that a request has cost it.
final class Way {
    private let gateway: Gateway
    private let route = Route(chain: [Target(provider: "one", model: "quick"), Target(provider: "two", model: "quick")])
    private let request = ChatRequest(model: "quick", messages: [ChatMessage(.user, "Hello?")])
    private let clock: LoopClock
    private(set) var nanoseconds = Double.infinity
    private(set) var allocations = Double.infinity

    init(_ settings: ResilienceSettings?, _ clock: LoopClock) {
        self.clock = clock
        gateway = Gateway(
            models: ["one": QuickModel(), "two": QuickModel()],
            resilience: settings.map {
                GatewayResilience($0, time: clock, generator: SeededGenerator(seed: 1))
            },
            observer: DeafObserver(), clock: clock)
    }

    /// One turn. The least of many is kept: what else the machine does only adds.
    func measure(_ count: Int, _ isStreaming: Bool) async throws {
        let allocated = bench_allocation_count()
        let start = Foundation.clock()
        try await run(count, isStreaming)
        let took = Double(Foundation.clock() - start) * 1e9 / Double(CLOCKS_PER_SEC)
        nanoseconds = min(nanoseconds, took / Double(count))
        allocations = min(allocations, Double(bench_allocation_count() - allocated) / Double(count))
    }

    /// Asks so often, and reads each answer to its end as the server does.
    func run(_ count: Int, _ isStreaming: Bool) async throws {
        let context = RunContext(
            requestID: "req_1", runID: "run_1", scope: .local, deadline: clock.now().advanced(by: .seconds(600)),
            trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
        var events = 0
        for _ in 0..<count {
            let answer = try await gateway.answer(request, route: route, streaming: isStreaming, context: context)
            reading: while true {
                switch try answer.stream.ready() {
                case .event: events += 1
                case .end: break reading
                case .later:
                    guard try await answer.stream.next() != nil else { break reading }
                    events += 1
                }
            }
        }
        let wanted = count * (isStreaming ? QuickModel.pieces : QuickModel.whole).count
        guard events == wanted else { throw ResilienceBench.Failure(description: "\(events) events, not \(wanted)") }
    }
}
