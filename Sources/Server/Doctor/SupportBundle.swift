internal import Base
internal import JSON
internal import Models

/// What helps to understand a server from afar, as one JSON document in which no secret stands: values that are marked
/// as secret are left out at their source, and what remains is searched for the keys that the configuration holds.
struct SupportBundle: Sendable {
    let report: Doctor.Report
    let environment: [String: String]
    let created: WallTime

    /// Variables whose values may be shown; of all others that Tutti reads, only that they are set.
    private static let shown: Set<String> = ["LOG_LEVEL", "TUTTI_SERVER_LISTEN", "TUTTI_LOG_LEVEL"]

    var bytes: [UInt8] {
        var document: JSON = [
            "version": .string(TuttiVersion.text),
            "created": .string(CivilDate(secondsSince1970: created.seconds).iso8601 + "Z"),
            "checks": .array(report.findings.map(\.json)),
        ]
        if let loaded = report.loaded { document["configuration"] = ConfigCommand.json(loaded) }
        document["environment"] = variables
        if let server = report.server {
            document["readiness"] = (try? JSON(server.readiness)) ?? .null
            document["metrics"] =
                server.metrics.map { text in
                    .array(String(decoding: text, as: UTF8.self).split(separator: "\n").map { .string(String($0)) })
                } ?? .null
        }
        return masked(document).bytes
    }

    private var variables: JSON {
        let names = environment.keys.filter { name in
            name.hasPrefix("TUTTI_") || name.hasSuffix("_API_KEY") || WellKnownNames.all.contains(name)
        }
        return .object(
            names.sorted().map { name in
                JSON.Member(name, .string(Self.shown.contains(name) ? environment[name] ?? "" : "set"))
            })
    }

    /// Everything that is a secret, whichever way it came in.
    private var secrets: Secrets {
        var known: [Secret] = []
        for provider in report.loaded?.configuration.providers ?? [] {
            if case .remote(let remote) = provider.service { known += remote.apiKeys }
        }
        for (name, value) in environment where Self.namesSecret(name) && !value.isEmpty { known.append(Secret(value)) }
        return Secrets(known)
    }

    private static func namesSecret(_ name: String) -> Bool {
        ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "_URL", "_URI"].contains {
            name.uppercased().contains($0)
        }
    }

    private func masked(_ document: JSON) -> JSON {
        let secrets = secrets
        func mask(_ value: JSON) -> JSON {
            switch value {
            case .string(let text): .string(secrets.cleaned(text, limit: 4096))
            case .array(let elements): .array(elements.map(mask))
            case .object(let members):
                .object(members.map { JSON.Member(secrets.cleaned($0.key, limit: 256), mask($0.value)) })
            default: value
            }
        }
        return mask(document)
    }
}
