import Base
import Models
import TestKit
import Testing

@testable import Orchestrator

@Suite("Personas", .timeLimit(.minutes(1)))
struct PersonaTests {
    private let pirate = Persona("pirate", instructions: "You are a pirate.")

    private struct ByUser: PersonaSource {
        let personas: [String: Persona]
        func persona(for request: ChatRequest, scope: Scope) throws(CodedError) -> Persona? { personas[scope.user] }
    }

    private struct Unknown: PersonaSource {
        func persona(for request: ChatRequest, scope: Scope) throws(CodedError) -> Persona? {
            throw CodedError(.notFound, "There is no such persona.", param: "personaId")
        }
    }

    private func council(_ fusion: FusionRule = .vote) throws -> Plan {
        try Plan(
            model: "plan/x", experts: [Plan.Expert("a") { $0.instructions = "Be short." }, Plan.Expert("b")],
            fusion: fusion)
    }

    @Test(
        "everybody who writes for the answer has the persona's instructions before their own, and the plan is another")
    func instructions() throws {
        let plan = try council(.synthesise(FusionModel("w")))
        let spoken = plan.speaking(as: pirate)
        #expect(spoken.experts.map(\.instructions) == ["You are a pirate.\n\nBe short.", "You are a pirate."])
        guard case .synthesise(let writer) = spoken.fusion else {
            Issue.record("It is fused otherwise.")
            return
        }
        #expect(writer.instructions == "You are a pirate.\n\n\(SynthesiseFusion.instructions)")
        #expect(spoken.identity != plan.identity)
        #expect(spoken.model == plan.model && spoken.limits == plan.limits && spoken.parallel == plan.parallel)
        // What a persona is called is in no prompt.
        #expect(plan.speaking(as: Persona("other", instructions: "You are a pirate.")).identity == spoken.identity)
        #expect(plan.speaking(as: Persona("pirate", instructions: "Arr.")).identity != spoken.identity)
    }

    @Test("without a persona, or with one that has nothing to say, the plan is the same")
    func none() throws {
        let plan = try council()
        for persona in [nil, Persona("empty", instructions: "")] {
            #expect(plan.speaking(as: persona) == plan && plan.speaking(as: persona).identity == plan.identity)
        }
        let pinned = Plan(model: "m", route: Route(chain: [Target(provider: "p", model: "m")]))
        #expect(pinned.speaking(as: nil).isPinned)
    }

    @Test("one model that a client names is told as well, and is asked for more than the request as it stands")
    func pinned() throws {
        let directory = ModelDirectory(aliases: [], providers: [.init(name: "p", allowsAny: true)])
        let book = PlanBook(directory: directory)
        let request = ChatRequest(model: "p/m", messages: [ChatMessage(.user, "Why?")])
        let plain = try book.plan(for: request)
        let spoken = try book.plan(for: request, as: pirate)
        #expect(plain.isPinned && !spoken.isPinned)
        #expect(spoken.lead?.instructions == "You are a pirate." && spoken.route == plain.route)
        #expect(spoken.identity != plain.identity)
    }

    @Test("the router gets the persona of the caller, and models are told so")
    func router() throws {
        let world = try ExpertWorld(try council(), personas: ByUser(personas: ["anna": pirate]))
        for user in ["anna", "ben"] {
            let scope = Scope(tenant: "t", user: user, key: "k", role: .member)
            #expect(try world.turn(scope: scope).answer != nil)
        }
        let told = world.models.calls(of: "b").map { $0.request.messages.first { $0.role == .system }?.text }
        #expect(told == ["You are a pirate.", nil])
        let plans = world.recorder.records.map(\.plan.identity)
        #expect(plans.count == 2 && plans[0] != plans[1])
    }

    @Test("a persona that there is not ends the turn before anybody is asked")
    func unknown() throws {
        let world = try ExpertWorld(try council(), personas: Unknown())
        #expect(try world.turn().error?.code == .notFound)
        #expect(world.models.calls.isEmpty)
    }
}
