internal import Base
internal import JSON
internal import Resilience

extension GatewayHealth {
    /// As the health route shows it. Times are in milliseconds.
    var json: JSON {
        var members: [JSON.Member] = [
            .init("status", GatewayHealth.status(isWell)),
            .init("providers", .array(providers.map(\.json))),
        ]
        if let load { members.append(.init("load", load.json)) }
        return .object(members)
    }

    fileprivate static func status(_ isWell: Bool) -> JSON { isWell ? "ok" : "degraded" }
}

extension GatewayHealth.Provider {
    fileprivate var json: JSON {
        [
            "name": .string(name), "status": GatewayHealth.status(isWell), "load": load?.json ?? .null,
            "models": .array(models.map(\.json)),
        ]
    }
}

extension GatewayHealth.Model {
    fileprivate var json: JSON {
        [
            "name": .string(name), "status": GatewayHealth.status(isWell), "recentCalls": .uint(recent.calls),
            "successRate": recent.successRate.map { .double($0) } ?? .null,
            "circuits": .array(circuits.map(\.json)),
        ]
    }
}

extension GatewayHealth.Circuit {
    fileprivate var json: JSON {
        [
            "key": .int(Int64(clamping: key)), "state": .string(state.name),
            "refusal": refusal.map { .string($0.reason.rawValue) } ?? .null,
            "retryAfterMs": refusal?.wait.map { .double($0.milliseconds) } ?? .null,
            "keyRejected": .bool(isKeyRejected), "lastError": lastError.map { .string($0.name) } ?? .null,
            "transitions": .array(
                transitions.map { transition in
                    [
                        "from": .string(transition.from.name), "to": .string(transition.to.name),
                        "cause": .string(transition.cause.rawValue), "agoMs": .double(transition.ago.milliseconds),
                    ]
                }),
        ]
    }
}

extension GatewayHealth.Load {
    fileprivate var json: JSON {
        [
            "running": .int(Int64(clamping: running)), "limit": .int(Int64(clamping: limit)),
            "waitingInteractive": .int(Int64(clamping: waitingInteractive)),
            "waitingBulk": .int(Int64(clamping: waitingBulk)),
        ]
    }
}
