import Foundation
import Models
import Testing

@testable import Server

@Suite("The chaos section of the configuration")
struct ChaosSectionTests {
    private static let text = """
        chaos: { latency_rate: 0.1, latency: 3s, error_rate: 0.2, cut_rate: 0.3, stall_rate: 1, stall: 4s, providers: [local] }
        """

    @Test("it is read where the command line allows it, and told of")
    func allowed() throws {
        let loaded = try load(Self.text, flags: ConfigurationFlags(allowChaos: true))
        var expected = ChaosSettings()
        (expected.latencyRate, expected.latency, expected.errorRate) = (0.1, .seconds(3), 0.2)
        (expected.cutRate, expected.stallRate, expected.stall) = (0.3, 1, .seconds(4))
        expected.providers = ["local"]
        #expect(loaded.configuration.chaos == expected)
        #expect(
            loaded.notices.contains(
                "Chaos is on: faults are put into calls on purpose (chaos.latency_rate, chaos.error_rate, chaos.cut_rate, "
                    + "chaos.stall_rate)."))
        #expect(loaded.setting("chaos.error_rate") == "0.2 # tutti.yaml:1:54")
    }

    @Test("it is refused where it does not, wherever it comes from")
    func refused() {
        let sentence =
            "chaos puts faults into calls on purpose, so it must be asked for: start with tutti serve --allow-chaos, or "
            + "leave the section chaos out."
        #expect(problems(Self.text) == ["tutti.yaml:1:24: chaos.latency_rate: \(sentence)"])
        #expect(
            problems(nil, environment: ["TUTTI_CHAOS_CUT_RATE": "0.01"]) == [
                "environment TUTTI_CHAOS_CUT_RATE: chaos.cut_rate: \(sentence)"
            ])
    }

    @Test("without a rate it does nothing and needs no flag")
    func idle() throws {
        let loaded = try load("chaos: { error_rate: 0, latency: 3s, stall: 1ms, providers: [local] }")
        #expect(!loaded.configuration.chaos.isEnabled)
        #expect(!loaded.notices.contains { $0.hasPrefix("Chaos") })
        #expect(try load("chaos:", flags: ConfigurationFlags(allowChaos: true)).configuration.chaos == ChaosSettings())
    }

    @Test(
        "what is wrong is told at its place",
        arguments: [
            ("error_rate: 1.5", "22: chaos.error_rate must be a number from 0 to 1."),
            ("error_rate: -1", "22: chaos.error_rate must be a number from 0 to 1."),
            ("stall_rate: often", "22: chaos.stall_rate must be a number from 0 to 1."),
            ("latency: 2h", "19: chaos.latency must be a duration from 1ms to 1h"),
            ("providers: local", "21: chaos.providers must be a list of providers, such as [groq]."),
            ("providers: [grok]", "21: chaos.providers names a provider that is not configured. Did you mean 'groq'?"),
            ("providers: ['a b']", "21: chaos.providers must be a list of providers"),
            ("eror_rate: 1", "10: Unknown key 'eror_rate' in chaos. Did you mean 'error_rate'?"),
        ])
    func wrong(text: String, start: String) {
        let found = problems("chaos: { \(text) }", flags: ConfigurationFlags(allowChaos: true))
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("tutti.yaml:1:\(start)") == true, "\(found)")
    }

    @Test("tutti config check takes the flag as tutti serve does")
    func configCheck() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "tutti-\(UUID()).yaml")
        try Data(
            "providers: { a: { dialect: openai, base_url: https://a, models: [m] } }\nchaos: { error_rate: 1 }".utf8
        )
        .write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let arguments = ["config", "check", "--config", file.path]
        #expect(await TuttiCommand.run(arguments, environment: [:]) == 2)
        #expect(await TuttiCommand.run(arguments + ["--allow-chaos"], environment: [:]) == 0)
        #expect(await TuttiCommand.run(["models", "--config", file.path], environment: [:]) == 0)
    }
}
