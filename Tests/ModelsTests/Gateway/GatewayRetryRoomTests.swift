import Base
import Models
import Resilience
import TestKit
import Testing

@Suite("Those who wait for a retry", .timeLimit(.minutes(2)))
struct GatewayRetryRoomTests {
    private static let alone = GatewayWorld.route(["a/m"])
    private static let both = GatewayWorld.route(["a/m", "b/m"])
    private let clock = TestClock()

    /// The first calls of "a" fail, one for each who is to wait and two more.
    private func world(_ count: Int) -> GatewayWorld {
        var settings = ResilienceSettings()
        settings.retry = RetryPolicy(
            retries: 1, initialDelay: .seconds(2), maxDelay: .seconds(5), budget: 1, reasons: [:])
        settings.breaker.mode = .off
        settings.limits = LimitsPolicy(perProvider: 4000, total: 4000, queue: 0)
        let failing = PlayedModel.Play.failing(.providerFailed, retryAfter: .seconds(3))
        return GatewayWorld(
            ["a": Array(repeating: failing, count: count) + [.text("a")], "b": [.text("b")]], settings, clock: clock)
    }

    private func until(_ isSo: () -> Bool) async { while !isSo() { await Task.yield() } }

    @Test("they are bounded: whoever comes then asks the next target, or hears at once how long to wait")
    func bounded() async throws {
        let most = RetryRoom.usual
        let world = world(most + 3)
        var waiting = (0..<most).map { _ in Task { try await world.ask(Self.alone).text } }
        await until { clock.sleeperCount == most }
        #expect(try await world.ask(Self.both).text == "b")
        let error = await #expect(throws: CodedError.self) { try await world.ask(Self.alone) }
        #expect(error?.code == .providerFailed && error?.retryAfter == .seconds(3))
        #expect(world.calls(of: "a").count == most + 2 && clock.sleeperCount == most)
        #expect(world.observer.events.count { $0 == .limited(Target("a/m")!, .overloaded) } == 2)

        let gone = waiting.removeLast()
        gone.cancel()
        await #expect { try await gone.value } throws: { ($0 as? CodedError)?.code == .cancelled }
        waiting.append(Task { try await world.ask(Self.alone).text })
        await until { clock.sleeperCount == most }
        clock.advance(by: .seconds(5))
        for task in waiting { #expect(try await task.value == "a") }
        #expect(clock.sleeperCount == 0)
    }

    @Test("a place is given back by whoever goes, and counted once")
    func places() {
        let room = RetryRoom(limit: 2)
        func enter() -> Bool {
            let place = room.enter()
            #expect(room.count <= 2)
            return place != nil
        }
        #expect(enter() && enter() && enter() && room.count == 0)
        let first = room.enter()
        let second = room.enter()
        #expect(room.count == 2 && !enter() && room.count == 2)
        _ = consume first
        #expect(room.count == 1 && enter())
        _ = consume second
        #expect(room.count == 0)
    }
}
