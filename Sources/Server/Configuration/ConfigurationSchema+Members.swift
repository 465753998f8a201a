internal import Base
internal import JSON
internal import Models
internal import Resilience

/// The sections whose members are the user's to name.
extension ConfigurationSchema {
    static var members: [JSON.Member] {
        [
            JSON.Member("providers", named(provider, "Who serves models; replaces the built-in section whole.")),
            JSON.Member("models", named(alias, "Names for models; replaces the built-in section whole.")),
            JSON.Member("catalogue", named(row, "What is known of models, over the built-in catalogue.")),
            JSON.Member("plans", named(plan, "Several models that make one answer, asked for as plan/NAME.")),
        ]
    }

    /// Of `auth.keys`.
    static var callerKeys: JSON {
        let key = map(
            [
                JSON.Member("name", text), JSON.Member("hash", text), JSON.Member("tenant", text),
                JSON.Member("user", text), JSON.Member("role", choice(Scope.Role.ascending.map(\.rawValue))),
                JSON.Member("revoked", ConfigurationShape.flag.schema), JSON.Member("expires", text),
            ], required: ["name", "hash", "tenant", "user"])
        var keys = list(of: key)
        keys["description"] = "The keys of callers; `tutti keys new` makes one."
        keys["type"] = ["array", "null"]
        return keys
    }

    static func named(_ member: JSON, _ description: String) -> JSON {
        ["type": ["object", "null"], "description": .string(description), "additionalProperties": member]
    }

    static func choice(_ names: [String]) -> JSON { ConfigurationShape.choice(names).schema }

    static let text = ConfigurationShape.text.schema
    private static let tokens = ConfigurationShape.count(1...100_000_000).schema

    private static var provider: JSON {
        var provider = map(
            [
                JSON.Member("dialect", choice(Configuration.Dialect.allCases.map(\.rawValue))),
                JSON.Member("base_url", text),
                JSON.Member("api_key", text),
                JSON.Member("api_keys", list(of: text, from: 1, to: TargetSet.limit)),
                JSON.Member("key_strategy", choice(KeyStrategy.allCases.map(\.rawValue))),
                JSON.Member("model", text),
                JSON.Member("models", list(of: text)),
                JSON.Member("allow", choice(["any"])),
                JSON.Member("usage", choice(["ask", "never"])),
                JSON.Member("responses", choice(["native", "translated"])),
                JSON.Member("proxy", text),
                JSON.Member("timeouts", section(fixed(under: "resilience.timeouts"))),
                JSON.Member("resilience", overrides(of: .provider)),
            ], required: ["dialect"])
        provider["if"] = ["properties": ["dialect": ["const": "local"]]]
        provider["then"] = ["required": ["model"]]
        provider["else"] = ["required": ["base_url"]]
        return provider
    }

    private static var alias: JSON {
        let member: JSON = [
            "anyOf": [
                ["type": "string"],
                map(
                    [
                        JSON.Member("target", text),
                        JSON.Member("weight", ConfigurationShape.number(AliasDraft.weights).schema),
                    ], required: ["target"]),
            ]
        ]
        return map(
            [
                JSON.Member("chain", list(of: member, from: 1, to: AliasDraft.chainLimit)),
                JSON.Member("strategy", choice(BalanceStrategy.allCases.map(\.rawValue))),
                JSON.Member("window", tokens),
                JSON.Member("resilience", overrides(of: .alias)),
            ], required: ["chain"])
    }

    /// What a member may have of `resilience` for itself.
    private static func overrides(of owner: ResilienceOverrides.Owner) -> JSON {
        section(
            fixed(under: "resilience") { path in
                let part = path.split(separator: ".").dropFirst().first.map(String.init) ?? ""
                return owner.parts.contains(part) && owner.home(of: path) == nil
            })
    }

    private static var row: JSON {
        map([
            JSON.Member("kind", choice(ModelKind.allCases.map(\.rawValue))),
            JSON.Member("context", tokens),
            JSON.Member("output", tokens),
            JSON.Member("dimensions", tokens),
            JSON.Member("capabilities", list(of: choice(Capability.allCases.map(\.rawValue)))),
            JSON.Member("efforts", list(of: choice(ThinkingEffort.allCases.map(\.rawValue)))),
            JSON.Member("refuses", list(of: choice(RequestRefusal.allCases.map(\.rawValue)))),
            JSON.Member("tokenizer", choice(TokenizerFamily.allCases.map(\.rawValue))),
            JSON.Member("prices", prices),
        ])
    }

    private static var prices: JSON {
        // Dollars for a million tokens; how many decimals there may be is the loader's to say.
        let rates = CatalogueDraft.rates.map { JSON.Member($0, ConfigurationShape.number(0...1_000_000).schema) }
        let tiers: JSON = [
            "type": "object", "maxProperties": .int(Int64(CatalogueDraft.tierLimit)),
            "propertyNames": ["pattern": "^[1-9][0-9]{0,8}$"], "additionalProperties": map(rates),
        ]
        return map(rates + [JSON.Member("tiers", tiers)])
    }
}
