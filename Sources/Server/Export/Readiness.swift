internal import JSON
internal import Resilience

/// Whether the server takes work, and how what it needs for that stands. Names come from the configuration; no
/// addresses, no paths, no keys.
struct Readiness: Sendable, Equatable {
    enum Status: String, Sendable, CaseIterable {
        /// It takes work, though perhaps not every provider does.
        case ready
        /// It stops, and takes nothing new.
        case draining
        /// It lacks what no answer can do without.
        case failing
    }

    enum State: String, Sendable, CaseIterable {
        case ok, degraded, failed
    }

    struct Check: Sendable, Equatable {
        let name: String
        let state: State
        var detail: String?
    }

    var isDraining = false
    var checks: [Check] = []

    var status: Status {
        if isDraining { return .draining }
        return checks.contains { $0.state == .failed } ? .failing : .ready
    }

    /// 200 while it takes work, else 503.
    var httpStatus: Int { status == .ready ? 200 : 503 }

    /// - Parameter isComplete: Whether the checks are shown, or the status alone.
    func json(isComplete: Bool) -> JSON {
        var json: JSON = ["status": .string(status.rawValue)]
        guard isComplete else { return json }
        json["checks"] = .array(
            checks.map { check in
                var json: JSON = ["name": .string(check.name), "state": .string(check.state.rawValue)]
                if let detail = check.detail { json["detail"] = .string(detail) }
                return json
            })
        return json
    }
}

extension Readiness {
    /// A local model of the configuration, and whether its files can be read now.
    struct LocalFiles: Sendable {
        let provider: String
        let areReadable: @Sendable () -> Bool
    }

    /// Puts the checks together. Costs a call of access(2) for the folder and two for each local model; calls nobody.
    /// - Parameter folder: What is wrong with the data folder, asked now; `nil` for nothing.
    init(isDraining: Bool, folder: String?, locals: [LocalFiles], health: GatewayHealth) {
        self.isDraining = isDraining
        checks = [
            Check(name: "draining", state: isDraining ? .failed : .ok),
            Check(name: "data", state: folder == nil ? .ok : .failed, detail: folder),
        ]
        for provider in health.providers {
            checks.append(
                Check(
                    name: "provider/\(provider.name)", state: provider.isWell ? .ok : .degraded,
                    detail: Readiness.detail(of: provider)))
        }
        for local in locals {
            let areReadable = local.areReadable()
            // Others may answer in its place, so it alone makes nobody unready.
            checks.append(
                Check(
                    name: "local/\(local.provider)", state: areReadable ? .ok : .degraded,
                    detail: areReadable ? "loads with its first use" : "its files cannot be read"))
        }
    }

    /// The circuits that are not closed, by model.
    private static func detail(of provider: GatewayHealth.Provider) -> String? {
        let ill = provider.models.filter { !$0.isWell }
        guard !ill.isEmpty else { return nil }
        let models = ill.prefix(8).map { model in
            let states = Set(
                model.circuits.filter { !$0.isWell }.map { $0.isKeyRejected ? "key rejected" : $0.state.name })
            return "\(model.name): \(states.sorted().joined(separator: ", "))"
        }
        return models.joined(separator: "; ") + (ill.count > 8 ? "; \(ill.count - 8) more" : "")
    }
}
