import Foundation
import Models
import Resilience
import Testing

@testable import Server

/// The documentation of the keys is compared with the table in the code. Where this fails, the message has the lines
/// as they should be.
@Suite("The reference of the configuration")
struct ReferenceTests {
    private static let root = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private func lines(_ path: String) throws -> [String] {
        try String(contentsOf: Self.root.appending(path: path), encoding: .utf8).components(separatedBy: "\n")
    }

    @Test("docs/configuration.md lists every fixed key with its default, its name in the environment and its meaning")
    func fixedKeys() throws {
        let expected = ConfigurationKey.all.map {
            "| `\($0.path)` | `\($0.defaultText)` | `\($0.variable)` | \($0.meaning) Must be \($0.expectation). |"
        }
        let found = try lines("docs/configuration.md").filter { $0.contains("` | `TUTTI_") }
        #expect(found == expected, "should be:\n\(expected.joined(separator: "\n"))")
    }

    @Test("docs/configuration.md names every setting of providers and models, every well-known name and later section")
    func names() throws {
        let text = try lines("docs/configuration.md").joined(separator: "\n")
        let names =
            ProviderDraft.fields + AliasDraft.fields + CatalogueDraft.fields + CatalogueDraft.rates
            + WellKnownNames.all + WellKnownNames.own + CallerKeyDraft.fields + GuardPatternDraft.fields
            + ConfigurationKey.later.sorted()
        for name in names { #expect(text.contains("`\(name)`"), "\(name)") }
    }

    @Test("docs/plans.md names every setting of a plan, and its examples load without a remark")
    func plans() throws {
        let text = try lines("docs/plans.md").joined(separator: "\n")
        let names =
            PlanDraft.fields + PlanDraft.limits + PlanDraft.rules + PlanDraft.expertFields + FusionDraft.fields
            + FusionDraft.kinds + FusionDraft.signalNames + FusionDraft.lengthFields
        for name in names { #expect(text.contains("`\(name)`"), "\(name)") }
        let examples = text.components(separatedBy: "```yaml\n").dropFirst()
        #expect(examples.count >= 2)
        for example in examples {
            let loaded = try load(
                example.components(separatedBy: "\n```")[0],
                environment: ["GROQ_API_KEY": "a", "OPENAI_API_KEY": "b"])
            #expect(!loaded.configuration.plans.isEmpty)
            #expect(!loaded.notices.contains { $0.contains("plans.") }, "\(loaded.notices)")
        }
    }

    @Test("docs/configuration.md shows the built-in providers and models as they are")
    func builtIn() throws {
        let text = try lines("docs/configuration.md").joined(separator: "\n")
        #expect(text.contains("```yaml\n\(BuiltInConfiguration.text)\n```"))
    }

    @Test("the example of the section on resilience means what the table below it says")
    func resilienceExample() throws {
        let text = try lines("docs/configuration.md").joined(separator: "\n")
        let section = try #require(text.components(separatedBy: "## Resilience\n").last)
        let example = try #require(section.components(separatedBy: "```yaml\n").dropFirst().first)
        let file = try #require(example.components(separatedBy: "\n```").first)
        let configuration = try load(
            file, environment: ["GROQ_API_KEY": "a", "GROQ_API_KEY_2": "b", "OPENAI_API_KEY": "c"]
        ).configuration
        let directory = configuration.modelDirectory()
        for (name, provider, first) in [
            ("auto", "groq", 3), ("auto", "openai", 10), ("support", "groq", 20), ("support", "openai", 20),
        ] {
            let route = try directory.resolve(name)
            let own = try #require(configuration.provider(provider)?.resilience.timeouts)
            let timeouts = route.timeouts.applied(to: own)
            #expect(timeouts.firstToken == .seconds(first) && timeouts.total == .seconds(120), "\(name) \(provider)")
            let settings = route.settings.isEmpty ? [configuration.resilience] : route.settings
            #expect(settings.allSatisfy { $0.retry.retries == 2 })
        }
        #expect(configuration.provider("groq")?.resilience.limits.perProvider == 20)
        #expect(try directory.resolve("support").settings.map(\.degrade) == [[.local, .text], [.local, .text]])
    }

    @Test(".env.example has every variable with its default, and nothing else")
    func environmentExample() throws {
        let found = try lines(".env.example").compactMap { line -> String? in
            let bare = line.hasPrefix("#") ? String(line.dropFirst()) : line
            return bare.first?.isUppercase == true && bare.contains("=") ? bare : nil
        }
        let keys = ConfigurationKey.all.map { key in
            let value = key.isList ? "" : key.defaultText
            return "\(key.variable)=\(value)"
        }
        let own = found.filter { line in
            line.hasPrefix("TUTTI_") && !WellKnownNames.own.contains { line.hasPrefix("\($0)=") }
        }
        #expect(Set(own) == Set(keys))
        let named = found.compactMap { $0.split(separator: "=").first.map(String.init) }
        #expect(Set(named) == Set(ConfigurationKey.all.map(\.variable) + WellKnownNames.all + WellKnownNames.own))
    }
}
