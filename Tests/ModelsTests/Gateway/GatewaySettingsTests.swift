import Base
import Resilience
import Testing

@testable import Models

@Suite("Whose settings hold for a request", .timeLimit(.minutes(1)))
struct GatewaySettingsTests {
    private static func settings(_ change: (inout ResilienceSettings) -> Void) -> ResilienceSettings {
        var settings = ResilienceSettings()
        change(&settings)
        return settings
    }

    private static let broken: [String: [PlayedModel.Play]] = [
        "a": [.failing(.providerFailed)], "b": [.failing(.providerFailed)], "c": [.text("c")],
    ]
    private static let never = settings { $0.retry.retries = 0 }
    private static let twice = settings { $0.retry.retries = 2 }

    @Test("each provider's calls are tried again as often as it is configured")
    func retries() async throws {
        let world = GatewayWorld(Self.broken, providers: ["a": Self.never, "b": Self.twice])
        #expect(try await world.ask(GatewayWorld.route(["a/m", "b/m", "c/m"])).text == "c")
        #expect(world.calls(of: "a").count == 1 && world.calls(of: "b").count == 3)
    }

    @Test("what a name sets goes over what the providers of its chain do")
    func names() async throws {
        let world = GatewayWorld(Self.broken, providers: ["a": Self.twice, "b": Self.never])
        let route = GatewayWorld.route(["a/m", "b/m", "c/m"]) { $0.settings = [Self.never, Self.twice, Self.never] }
        #expect(try await world.ask(route).text == "c")
        #expect(world.calls(of: "a").count == 1 && world.calls(of: "b").count == 3)
    }

    @Test("how much is held back is the word of the provider that is asked first")
    func hold() async throws {
        let plays: [String: [PlayedModel.Play]] = ["a": [.breaking("one", "two")], "b": [.text("b")]]
        let held = Self.settings { ($0.hold, $0.retry.retries) = (.tokens(5), 0) }
        let holding = GatewayWorld(plays, providers: ["a": held])
        #expect(try await holding.ask(GatewayWorld.route(["a/m", "b/m"])).text == "b")
        let open = GatewayWorld(plays, providers: ["b": held])
        await #expect(throws: CodedError.self) { try await open.ask(GatewayWorld.route(["a/m", "b/m"])) }
    }
}
