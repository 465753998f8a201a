import Base
import Foundation
import Models
import Orchestrator
import Testing

@testable import Server

@Suite("The section plans of the configuration")
struct PlanSectionTests {
    private static let models = """
        providers:
          a: { dialect: openai, base_url: "https://a.example" }
          b: { dialect: openai, base_url: "https://b.example", models: [small, large], api_key: "${B}" }
        models: { auto: { chain: [a/x, b/small] }, smart: { chain: [b/large] } }

        """

    private func loaded(_ plans: String, environment: [String: String] = ["B": "k"]) throws -> LoadedConfiguration {
        try load(Self.models + plans, environment: environment)
    }

    /// The faults of a section that begins in line 5, without the file's name.
    private func faults(_ plans: String) -> [String] {
        problems(Self.models + plans, environment: ["B": "k"]).map {
            $0.replacingOccurrences(of: "tutti.yaml:", with: "")
        }
    }

    @Test(
        "what no model of an expert's chain can do is refused at its place, and what is not known is not",
        arguments: [
            (
                "{ model: tiny, max_tokens: 1001 }",
                "max_tokens is 1001, but no model of its chain answers with more than 1000 tokens"
            ),
            (
                "{ model: both, max_tokens: 2001 }",
                "max_tokens is 2001, but no model of its chain answers with more than 2000 tokens"
            ),
            ("{ model: tiny, tools: [search] }", "tools: no model of its chain can call tools"),
            ("{ model: a/tiny, tools: [search] }", "tools: no model of its chain can call tools"),
            ("{ model: both, max_tokens: 2000, tools: [search] }", nil),
            ("{ model: tiny, max_tokens: 1000, tools: [] }", nil),
            ("{ model: mixed, max_tokens: 9000, tools: [search] }", nil), ("{ model: a/other, max_tokens: 9000 }", nil),
        ] as [(String, String?)])
    func abilities(expert: String, expected: String?) {
        let text = """
            providers: { a: { dialect: openai, base_url: "https://a.example" } }
            models: { tiny: { chain: [a/tiny] }, both: { chain: [a/tiny, a/more] }, mixed: { chain: [a/tiny, a/odd] } }
            catalogue:
              a/tiny: { context: 8000, output: 1000, capabilities: [vision] }
              a/more: { context: 2000, output: 2000, capabilities: [tools] }
            plans: { p: { experts: { e: \(expert) } } }
            """
        let found = problems(text)
        #expect(found.count == (expected == nil ? 0 : 1), "\(found)")
        let start = "plans.p.experts.e.\(expected ?? "")"
        #expect(
            expected == nil || found.first?.contains(start) == true && found.first?.hasPrefix("tutti.yaml:6:") == true)
    }

    @Test(
        "who would never be asked for want of time is told of",
        arguments: [
            ("{ a: { model: auto, timeout: 200ms } }", "", "experts.a.timeout is 200ms"),
            ("{ a: { model: auto, timeout: 201ms } }", "", nil),
            ("{ a: { model: auto } }", ", limits: { wall_time: 100ms }", "limits.wall_time is 100ms"),
            ("{ a: { model: auto, timeout: 300ms } }", "\nresilience: { timeouts: { minimum: 500ms } }", "is 300ms"),
        ])
    func noTime(experts: String, more: String, expected: String?) {
        let inner = more.hasPrefix("\n") ? "" : more
        let found = problems(
            "providers: { a: { dialect: openai, base_url: https://a } }\nmodels: { auto: { chain: [a/m] } }\n"
                + "plans: { p: { experts: \(experts)\(inner) } }" + (inner.isEmpty ? more : ""))
        #expect(found.count == (expected == nil ? 0 : 1), "\(found)")
        if let expected { #expect(found.first?.contains(expected) == true, "\(found)") }
    }

    @Test("every setting is read")
    func everything() throws {
        let text = """
            plans:
              council:
                experts:
                  a: { model: auto, instructions: "Be short.", tools: [search], layer: one, timeout: 20s, share: 0.4,
                       cache: true, temperature: 0.2, top_p: 0.9, max_tokens: 500, seed: 7 }
                  b: { model: a/other, after: [a], optional: true, fallback: "" }
                  c: { model: smart, after: [b, a] }
                fusion: { kind: lead, expert: c }
                use_parallel: false
                limits: { experts: 8, tokens: 20000, wall_time: 60s }
                when: { model: [best, "team/*"] }
            """
        let configuration = try loaded(text).configuration
        var (a, b, c) = (
            Plan.Expert(name: "a", model: "auto"), Plan.Expert(name: "b", model: "a/other"),
            Plan.Expert(name: "c", model: "smart")
        )
        (a.instructions, a.tools, a.layer, a.timeout) = ("Be short.", ["search"], "one", .seconds(20))
        (a.share, a.isCached) = (0.4, true)
        (a.parameters.temperature, a.parameters.topP) = (0.2, 0.9)
        (a.parameters.maxTokens, a.parameters.seed) = (500, 7)
        (b.after, b.isOptional, b.fallback) = (["a"], true, "")
        c.after = ["b", "a"]
        var expected = PlanTemplate(name: "council", experts: [a, b, c], fusion: .lead("c"))
        expected.parallel = false
        (expected.limits.experts, expected.limits.tokens) = (8, 20_000)
        expected.limits.wallTime = .seconds(60)
        expected.models = ["best", "team/*"]
        #expect(configuration.plans == [expected])
        // What a plan names of a provider is known of it, as with chains.
        #expect(configuration.provider("a")?.models == ["x", "other"])
        let plan = try configuration.planBook(configuration.modelDirectory()).plan(named: "plan/council")
        #expect(plan.experts.map { $0.route.chain.map(\.name) } == [["a/x", "b/small"], ["a/other"], ["b/large"]])
        #expect(plan.experts[1].versions == ["openai https://a.example"])
    }

    private static let ways: [(String, FusionRule)] = [
        ("best", FusionRule.best([FusionSignal(.agreement), FusionSignal(.format)])),
        ("vote", .vote),
        ("{ kind: vote }", .vote),
        ("concatenate", .concatenate(separator: "\n\n", titled: false)),
        (#"{ kind: concatenate, separator: " | ", titled: true }"#, .concatenate(separator: " | ", titled: true)),
        ("synthesise", .synthesise(FusionModel(model: "auto"))),
        (
            "{ kind: synthesise, model: smart, instructions: Join them. }",
            .synthesise(FusionModel(model: "smart", instructions: "Join them."))
        ),
        ("{ kind: best, judge: smart }", .best([FusionSignal(.judge(FusionModel(model: "smart")))])),
        (
            "{ kind: best, judge: { model: smart, instructions: Be fair. }, signals: { agreement: 2, judge: 0.5 } }",
            .best([
                FusionSignal(.agreement, weight: 2),
                FusionSignal(.judge(FusionModel(model: "smart", instructions: "Be fair.")), weight: 0.5),
            ])
        ),
        (
            "{ kind: best, signals: { length: { from: 20, to: 400, weight: 3 }, format: 1 } }",
            .best([FusionSignal(.length(20...400), weight: 3), FusionSignal(.format)])
        ),
    ]

    @Test("each way to fuse", arguments: ways)
    func fusions(text: String, expected: FusionRule) throws {
        let plans = "plans: { p: { experts: { a: { model: auto }, b: { model: smart } }, fusion: \(text) } }"
        #expect(try loaded(plans).configuration.plans.map(\.fusion) == [expected])
    }

    @Test("one last expert is the lead where nothing else is said")
    func lead() throws {
        let experts = "experts: { a: { model: auto }, b: { model: smart, after: [a] } }"
        for fusion in ["", ", fusion: lead", ", fusion: { kind: lead }"] {
            #expect(
                try loaded("plans: { p: { \(experts)\(fusion) } }").configuration.plans.map(\.fusion) == [.lead("b")])
        }
    }

    struct Mistake: Sendable {
        var text: String
        var problem: String

        init(_ text: String, _ problem: String) {
            self.text = text
            self.problem = problem
        }
    }

    /// A plan of two experts in one line, with something else of it.
    private static func plan(_ rest: String, a: String = "model: auto", b: String = "model: smart") -> String {
        "plans: { p: { experts: { a: { \(a) }, b: { \(b) } }, \(rest) } }"
    }

    private static let mistakes: [Mistake] = [
        Mistake("plans: [a]", "5:8: plans must be a map from names to settings."),
        Mistake(
            "plans: { 'a b': {} }", "5:10: A plan's name must be letters, digits, '_' and '-', at most 64."
        ),
        Mistake(
            "plans: { p: vote }",
            "5:13: plans.p must be a map with experts, such as { experts: { a: { model: auto }, b: { model: "
                + "gpt-4o-mini } }, fusion: best }."
        ),
        Mistake(
            "plans: { p: { fusion: vote } }",
            "5:10: plans.p needs experts, such as { experts: { a: { model: auto }, b: { model: gpt-4o-mini } }, fusion: "
                + "best }."
        ),
        Mistake(
            "plans: { p: { experts: {}, fusion: vote } }",
            "5:24: plans.p.experts: A plan needs at least one expert, such as { draft: { model: auto } }."
        ),
        Mistake(
            "plans: { p: { experts: { a: auto } } }",
            "5:29: plans.p.experts.a must be a map, such as { model: auto }."
        ),
        Mistake(
            "plans: { p: { experts: { a: { layer: x } } } }",
            "5:26: plans.p.experts.a needs a model, such as auto."
        ),
        Mistake(
            plan("fusions: vote"),
            "5:69: Unknown key 'fusions' in plans.p. Did you mean 'fusion'?"
        ),
        Mistake(
            plan("fusion: vote", b: "model: smart, afer: [a]"),
            "5:65: Unknown key 'afer' in plans.p.experts.b. Did you mean 'after' or 'layer'?"
        ),
        Mistake(
            plan("fusion: votes"),
            "5:77: plans.p.fusion must be one of lead, best, vote, concatenate, synthesise. Did you mean 'vote'?"
        ),
        Mistake(
            plan("fusion: { kind: vote, judge: smart }"), "5:91: plans.p.fusion.judge is not for the kind vote."
        ),
        Mistake(
            plan("fusion: { judge: smart }"),
            "5:77: plans.p.fusion needs a kind: one of lead, best, vote, concatenate, synthesise."
        ),
        Mistake(
            plan("fusion: { kind: best, signals: { judge: 2 } }"),
            "5:109: plans.p.fusion has the signal judge, but no judge: name its model, such as judge: gpt-4o-mini."
        ),
        Mistake(
            plan("fusion: { kind: best, signals: { agrement: 2 } }"),
            "5:102: Unknown key 'agrement' in plans.p.fusion.signals. Did you mean 'agreement'?"
        ),
        Mistake(
            plan("fusion: { kind: best, signals: {} }"),
            "5:100: plans.p.fusion.signals: There is nothing to choose by. Name a signal, such as agreement."
        ),
        Mistake(
            plan("fusion: { kind: best, signals: { length: { from: 9, to: 2 } } }"),
            "5:110: plans.p.fusion.signals.length must have a from that is at most its to."
        ),
        Mistake(
            plan("fusion: { kind: best, judge: smrt }"),
            "5:98: plans.p.fusion.judge names no model. Did you mean 'smart'?"
        ),
        Mistake(
            plan("use_parallel: true"),
            "5:10: plans.p needs a fusion: the answers of a, b feed no other expert. Fuse them (best, "
                + "vote, concatenate, synthesise), or let one of them come after the others."
        ),
        Mistake(
            plan("fusion: vote", b: "model: smart, after: [a, c]"),
            "5:76: plans.p.experts.b.after[1]: There is no expert of this name. Did you mean 'a' or 'b'?"
        ),
        Mistake(
            plan("fusion: vote", a: "model: auto, after: [b]", b: "model: smart, after: [a]"),
            "5:51: plans.p.experts.a.after: These experts wait for each other: a after b after a. Take one of them out "
                + "of an after."
        ),
        Mistake(
            plan("fusion: { kind: lead, expert: c }"),
            "5:99: plans.p.fusion.expert: There is no expert of this name. Did you mean 'a' or 'b'?"
        ),
        Mistake(
            plan("fusion: { kind: lead, expert: a }"),
            "5:46: plans.p.experts.b: Nobody uses what this expert says: the answer is that of 'a'. Name it in an after on "
                + "the way there, choose another fusion, or leave it out."
        ),
        Mistake(
            plan("fusion: vote, limits: { experts: 1 }"),
            "5:24: plans.p.experts: It has 2 experts, over the limit of 1. Raise limits.experts, at most to 64, or leave "
                + "some out."
        ),
        Mistake(
            plan("fusion: vote, limits: { tokens: 10 }", a: "model: auto, max_tokens: 11"),
            "5:117: plans.p.limits.tokens: The experts' max_tokens are 11 together, over these 10."
        ),
        Mistake(
            plan("fusion: vote, limits: { wall_time: 0s }"),
            "5:104: plans.p.limits.wall_time must be a duration from 1ms to 24h, such as 200ms, 5s or 5m."
        ),
        Mistake(
            plan("fusion: vote", a: "model: auto, share: 2"),
            "5:51: plans.p.experts.a.share must be a number from 0.001 to 1."
        ),
        Mistake(
            plan("fusion: vote", a: "model: auto, temperature: warm"),
            "5:57: plans.p.experts.a.temperature must be a number from 0 to 2."
        ),
        Mistake(
            plan("fusion: vote", a: "model: atuo"),
            "5:38: plans.p.experts.a.model names no model. Did you mean 'auto'?"
        ),
        Mistake(
            plan("fusion: vote", a: "model: plan/p"),
            "5:38: plans.p.experts.a.model names a plan; an expert is one model."
        ),
        Mistake(
            plan("fusion: vote", a: "model: c/x"),
            "5:38: plans.p.experts.a.model names a provider that is not configured. Did you mean 'a' or 'b'?"
        ),
        Mistake(
            plan("fusion: vote", a: "model: b/lage"),
            "5:38: plans.p.experts.a.model names a model that providers.b does not list. Did you mean 'large'?"
        ),
        Mistake(
            plan("fusion: vote, when: { model: [plan/p] }"),
            "5:99: plans.p.when.model must be a model's name or a list of them, each whole or a beginning with * behind "
                + "it, such as [gpt-4o, team/*]."
        ),
        Mistake(
            plan("fusion: vote, when: { model: [x, x] }"),
            "5:102: plans.p.when.model: this name is here already, or another plan has it; one name can mean one plan."
        ),
    ]

    @Test("what is wrong is told with its line and column", arguments: mistakes)
    func wrong(mistake: Mistake) {
        #expect(faults(mistake.text) == [mistake.problem])
    }

    @Test("all faults are told at once, those of every plan")
    func several() {
        let text = """
            plans:
              one: { experts: { a: { model: nothing }, b: { model: auto, after: [x] } }, fusion: vote }
              two: { experts: { a: { model: auto, optional: 1 } }, limits: 7 }
            """
        #expect(
            faults(text) == [
                "6:33: plans.one.experts.a.model names no model.",
                "6:70: plans.one.experts.b.after[0]: There is no expert of this name. Did you mean 'a' or 'b'?",
                "7:49: plans.two.experts.a.optional must be true or false.",
                "7:64: plans.two.limits must be a map, such as { tokens: 20000, wall_time: 60s }.",
            ])
    }

    @Test("one answer to choose from is a remark, and so is a plan whose models cannot be used")
    func notices() throws {
        let text = "plans: { p: { experts: { a: { model: smart }, b: { model: auto, after: [a] } }, fusion: vote } }"
        let loaded = try loaded(text, environment: [:])
        #expect(
            loaded.notices.contains(
                "tutti.yaml:5:89: plans.p.fusion: vote has one answer to choose from, that of 'b': every other expert feeds "
                    + "another. Say { kind: lead, expert: b }."))
        #expect(
            loaded.notices.contains(
                "tutti.yaml:5:38: plans.p cannot be used, since no provider of this model can be."))
        let book = try loaded.configuration.planBook(loaded.configuration.modelDirectory())
        #expect(book.names.isEmpty)
        #expect(throws: CodedError.self) { try book.plan(named: "plan/p") }
    }

    @Test("what is in force is shown as YAML that means the same plans")
    func shown() throws {
        let text = """
            plans:
              p:
                fusion: { kind: best, judge: { model: smart }, signals: { length: { from: 1, to: 9 }, judge: 2 } }
                experts: { a: { model: auto, tools: [], instructions: "one\\ntwo" }, b: { model: smart, timeout: 90s } }
                when: { model: best }
            """
        let loaded = try loaded(text)
        #expect(loaded.setting("plans.p.experts.b.timeout") == "90s # tutti.yaml:8:101")
        let again = try load(
            ConfigCommand.yaml(loaded.settings.filter { $0.path[0] != "providers" || $0.path[2] != "api_key" }))
        #expect(again.configuration.plans == loaded.configuration.plans)
        #expect(loaded.configuration.plans.first?.models == ["best"])
    }

    @Test("the example of five layers loads without a remark, and is the plan that it says")
    func example() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Examples/layered-plan.yaml")
        let loaded = try load(String(contentsOf: file, encoding: .utf8), environment: ["GROQ_API_KEY": "k"])
        #expect(!loaded.notices.contains { $0.contains("plans.") })
        let plan = try loaded.configuration.planBook(loaded.configuration.modelDirectory()).plan(named: "plan/layered")
        #expect(plan.experts.map(\.layer) == ["research", "draft", "check", "check", "citations"])
        #expect(plan.lead?.after == ["research", "draft", "review", "validate"])
        #expect(plan.experts.allSatisfy { $0.timeout != nil && $0.share != nil && $0.instructions != nil })
        #expect(plan.experts.filter(\.isCached).map(\.name) == ["research"])
    }
}
