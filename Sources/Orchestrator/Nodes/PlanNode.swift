internal import Base
internal import Models

/// Decides who works on the turn: the experts of a configured plan, or the one model that the client names.
enum PlanNode {
    static func run(_ request: ChatRequest, plans: PlanBook) throws(CodedError) -> Plan {
        try plans.plan(for: request)
    }
}
