internal import Base
internal import Models

/// Decides who works on the turn: the experts of a configured plan, or the one model that the client names.
enum PlanNode {
    static func run(_ request: ChatRequest, planner: Planner) throws(CodedError) -> Plan {
        let plan = try planner(request)
        if !plan.isPinned { try PlanFit.check(request, plan) }
        return plan
    }
}
