internal import Base
internal import Models

/// Decides who may answer. A client that names a concrete model gets a plan that is pinned to it.
enum PlanNode {
    static func run(_ request: ChatRequest, planner: Planner) throws(CodedError) -> Plan {
        let plan = try planner(request)
        if !plan.isPinned { try PlanFit.check(request, plan) }
        return plan
    }
}
