import Models
import Orchestrator
import Testing

@testable import Server

@Suite("tutti models") struct ModelsCommandTests {
    @Test("a line for each name, with what is known of the model and – for what is not")
    func table() throws {
        let target = Target(provider: "openai", model: "gpt-4o-mini")
        let entry = try #require(Catalogue.builtIn.entry(of: target))
        let unknown = Target(provider: "mine", model: "odd")
        let lines = ModelsCommand.table([
            ("fast", [target, unknown], entry), (target.name, [target], entry), (unknown.name, [unknown], nil),
        ]).split(separator: "\n").map(String.init)
        #expect(lines.count == 4)
        #expect(lines[0].hasPrefix("model ") && lines[0].hasSuffix("can"))
        #expect(lines[1].hasPrefix("fast → openai/gpt-4o-mini, mine/odd  128000   16384  0.15"))
        #expect(lines[2].contains("0.6") && lines[2].contains("tools"))
        #expect(lines[3].split(separator: " ").dropFirst() == ["–", "–", "–", "–", "–", "–"])
        // Columns stand below one another.
        #expect(Set(lines.map { $0.prefix { $0 != "\n" }.firstRange(of: "  ") != nil }) == [true])
    }

    @Test("a plan is a name as well, with whom its experts ask first, each once")
    func plan() throws {
        let directory = ModelDirectory(aliases: [], providers: [.init(name: "p", models: ["m", "n"])])
        let experts = [("a", "p/m"), ("b", "p/n"), ("c", "p/m")].map { Plan.Expert(name: $0, model: $1) }
        let plans = try PlanBook(
            [PlanTemplate(name: "council", experts: experts, fusion: .vote)], directory: directory)
        let lines = ModelsCommand.table(ModelsCommand.plans(plans)).split(separator: "\n")
        #expect(lines.dropFirst().map { $0.prefix { $0 != "–" } } == ["plan/council → p/m, p/n  "])
    }
}
