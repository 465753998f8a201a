internal import Base
internal import Models

/// Decides who works on the turn: the experts of a configured plan, or the one model that the client names.
enum PlanNode {
    static func run(
        _ request: ChatRequest, as persona: Persona?, planner: Planner
    ) throws(CodedError) -> Plan {
        let plan = try planner(request, persona)
        if !plan.isPinned { try PlanFit.check(request, plan) }
        return plan
    }
}
