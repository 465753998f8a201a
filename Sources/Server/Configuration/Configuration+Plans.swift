internal import Base
internal import Models
internal import Orchestrator

extension Configuration {
    /// The plans with their models' routes.
    func planBook(_ directory: ModelDirectory) throws(CodedError) -> PlanBook {
        let versions = Dictionary(providers.map { ($0.name, $0.version) }) { first, _ in first }
        do throws(PlanProblem) {
            return try PlanBook(plans, directory: directory) { versions[$0.provider] }
        } catch {
            // What the loader has checked is right.
            throw CodedError(.internalError, "A plan is not valid: \(error)")
        }
    }
}

extension Configuration.Provider {
    /// What tells it from another one of its name that could answer differently; no key is in it.
    fileprivate var version: String {
        switch service {
        case .remote(let remote): "\(remote.dialect.rawValue) \(remote.baseURL.text)"
        case .local(let model, let path): "local \(path ?? model)"
        }
    }
}
