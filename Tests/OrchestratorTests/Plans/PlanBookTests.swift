import Base
import Models
import Resilience
import Testing

@testable import Orchestrator

@Suite("The book of plans")
struct PlanBookTests {
    private static func target(_ name: String) -> Target { Target(name) ?? Target(provider: "", model: "") }

    private static func directory() -> ModelDirectory {
        ModelDirectory(
            aliases: [
                ModelDirectory.Alias(name: "auto", chain: [target("a/m"), target("b/m")]),
                ModelDirectory.Alias(name: "smart", chain: [target("a/big")]),
                ModelDirectory.Alias(name: "gone", chain: [target("nowhere/m")]),
            ],
            providers: [
                ModelDirectory.Provider(name: "a"), ModelDirectory.Provider(name: "b"),
                ModelDirectory.Provider(name: "open", allowsAny: true),
            ])
    }

    private static func template(
        _ name: String, models: [String] = ["auto", "smart"], fusion: FusionRule = .vote, when rules: [String] = []
    ) -> PlanTemplate {
        let experts = models.enumerated().map { Plan.Expert(name: "e\($0)", model: $1) }
        var template = PlanTemplate(name: name, experts: experts, fusion: fusion)
        template.models = rules
        return template
    }

    private static func book(_ templates: PlanTemplate...) throws -> PlanBook {
        try PlanBook(templates, directory: directory()) { "version of \($0.provider)" }
    }

    private static func request(_ model: String) -> ChatRequest {
        ChatRequest(model: model, messages: [ChatMessage(role: .user, content: .text("Hi"))])
    }

    private func error(_ book: PlanBook, _ request: ChatRequest) -> CodedError? {
        do throws(CodedError) {
            _ = try book.plan(for: request)
            return nil
        } catch {
            return error
        }
    }

    @Test("a plan has its models' routes and what stands behind them, also those of its fusion")
    func routes() throws {
        let judge = FusionModel(model: "smart", instructions: "Be fair.")
        let signals = [FusionSignal(.agreement), FusionSignal(.judge(judge), weight: 2)]
        let book = try Self.book(Self.template("council", fusion: .best(signals)))
        let plan = try book.plan(for: Self.request("plan/council"))
        #expect(plan.model == "plan/council" && !plan.isPinned)
        #expect(plan.experts.map { $0.route.chain.map(\.name) } == [["a/m", "b/m"], ["a/big"]])
        #expect(plan.experts[0].versions == ["version of a", "version of b"])
        guard case .best(let found) = plan.fusion, case .judge(let model) = found[1].kind else {
            Issue.record("\(plan.fusion)")
            return
        }
        #expect(model.route.chain.map(\.name) == ["a/big"] && model.versions == ["version of a"])
        #expect(model.instructions == "Be fair." && found[1].weight == 2)
        #expect(try book.plan(named: "plan/council").identity == plan.identity)
    }

    @Test("a model is a plan pinned to it, with the same identity every time")
    func pinned() throws {
        let book = PlanBook(directory: Self.directory())
        for name in ["auto", "a/m", "open/anything"] {
            let plan = try book.plan(for: Self.request(name))
            #expect(plan.isPinned && plan.model == name && plan.experts.count == 1)
            let route = try Self.directory().resolve(name)
            #expect(plan.route == route)
            #expect(plan.lead?.name == Plan.Expert.pinned)
            #expect(try book.plan(named: name).identity == plan.identity)
        }
        #expect(try book.plan(named: "auto").identity != book.plan(named: "a/m").identity)
        #expect(book.names.isEmpty)
    }

    @Test("a rule makes a plan of models' names, the first that fits, whole names before beginnings")
    func rules() throws {
        let book = try Self.book(
            Self.template("one", when: ["team/*", "smart", "best-of-all"]),
            Self.template("two", when: ["team/x"]))
        func plan(_ name: String) throws -> Plan { try book.plan(for: Self.request(name)) }
        let (one, two) = (try plan("plan/one"), try plan("plan/two"))
        #expect(one.identity == two.identity, "they differ in nothing but their names")
        for name in ["team/y", "smart", "best-of-all"] {
            let found = try plan(name)
            #expect(found.model == name && found.experts.count == 2, "\(name)")
        }
        #expect(try plan("team/x").experts.count == 2)
        #expect(try plan("auto").isPinned)
        // An expert's model is a model, whatever the rules say of its name.
        #expect(try plan("smart").experts[1].route.chain.map(\.name) == ["a/big"])
        #expect(book.names == ["plan/one", "plan/two", "best-of-all", "team/x"])
    }

    @Test(
        "who asks for a plan that is not there is told of near ones; one that lacks a model is there, but unavailable")
    func missing() throws {
        let book = try Self.book(Self.template("council"), Self.template("lost", models: ["auto", "gone"]))
        let unknown = error(book, Self.request("plan/councl"))
        #expect(unknown?.code == .modelNotFound && unknown?.param == "model")
        #expect(unknown?.message == "There is no plan 'councl'. Did you mean 'plan/council'?")
        #expect(
            error(book, Self.request("plan/\u{7}x"))?.message
                == "There is no plan '?x'. GET /v1/models lists what there is.")
        let lost = error(book, Self.request("plan/lost"))
        #expect(lost?.code == .modelUnavailable)
        #expect(
            lost?.message
                == "The plan 'lost' needs the model 'gone', which cannot be used now. Set the key of its provider and start "
                + "again.")
        #expect(book.names == ["plan/council"])
        #expect(error(book, Self.request("nothing"))?.code == .modelNotFound)
    }

    @Test("plans that are wrong make no book")
    func wrong() {
        #expect(
            throws: PlanProblem(
                ["plans", "x", "fusion", "expert"], "There is no expert of this name. Did you mean 'e0' or 'e1'?")
        ) {
            try Self.book(Self.template("x", fusion: .lead("e")))
        }
        #expect(throws: PlanProblem.self) { try Self.book(Self.template("x"), Self.template("x")) }
        #expect(throws: PlanProblem.self) { try Self.book(Self.template("x y")) }
    }

    @Test("what one model's answer alone can satisfy is refused by a plan that fuses, and mostly left to a lead")
    func refused() throws {
        var lead = Self.template("lead", fusion: .lead("e1"))
        lead.experts[1].after = ["e0"]
        let book = try Self.book(
            Self.template("vote"), Self.template("row", fusion: .concatenate(separator: "", titled: false)), lead)
        func params(_ change: (inout ChatRequest) -> Void) -> [String?] {
            ["plan/vote", "plan/row", "plan/lead", "auto"].map { model in
                var request = Self.request(model)
                change(&request)
                do throws(CodedError) {
                    let plan = try book.plan(for: request)
                    if !plan.isPinned { try PlanFit.check(request, plan) }
                    return nil
                } catch {
                    return error.param
                }
            }
        }
        #expect(params { _ in } == [nil, nil, nil, nil])
        #expect(params { $0.n = 2 } == ["n", "n", "n", nil])
        #expect(params { $0.logprobs = true } == ["logprobs", "logprobs", nil, nil])
        #expect(params { $0.hasForeignTools = true } == ["tools", "tools", "tools", nil])
        #expect(params { $0.responseFormat = .jsonObject } == [nil, "response_format", nil, nil])
        #expect(params { $0.responseFormat = .text } == [nil, nil, nil, nil])
    }
}
