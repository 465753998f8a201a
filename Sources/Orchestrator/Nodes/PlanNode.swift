internal import Base
internal import Models

/// Decides who may answer. A client that names a concrete model gets a plan that is pinned to it.
enum PlanNode {
    static func run(_ request: ChatRequest, directory: ModelDirectory) throws(CodedError) -> Plan {
        Plan(model: request.model, route: try directory.resolve(request.model))
    }
}
