internal import JSON
internal import Models
internal import Orchestrator

/// The section `plans`, and the patterns of the guards.
extension ConfigurationSchema {
    static var plan: JSON {
        map(
            [
                JSON.Member("experts", experts),
                JSON.Member("fusion", fusion),
                JSON.Member("use_parallel", ConfigurationShape.flag.schema),
                JSON.Member(
                    "limits",
                    map([
                        JSON.Member("experts", ConfigurationShape.count(1...Plan.Limits.mostExperts).schema),
                        JSON.Member("tokens", ConfigurationShape.count(PlanCheck.tokens).schema),
                        JSON.Member("wall_time", ConfigurationShape.duration.schema),
                    ])),
                JSON.Member("when", map([JSON.Member("model", ["anyOf": [text, list(of: text)]])])),
            ], required: ["experts"])
    }

    /// Of `guards.patterns`.
    static var guardPatterns: JSON {
        let pattern = map(
            [JSON.Member("name", text), JSON.Member("pattern", text)], required: ["name", "pattern"])
        var patterns = list(of: pattern, to: GuardPatterns.maxCount)
        patterns["description"] = "What is looked for besides what is built in, in the syntax of RE2."
        patterns["type"] = ["array", "null"]
        return patterns
    }

    private static var experts: JSON {
        let flag = ConfigurationShape.flag.schema
        let part = ConfigurationShape.number(0.001...1).schema
        let expert = map(
            [
                JSON.Member("model", text),
                JSON.Member("instructions", text),
                JSON.Member("tools", list(of: text)),
                JSON.Member("after", list(of: text)),
                JSON.Member("layer", text),
                JSON.Member("timeout", ConfigurationShape.duration.schema),
                JSON.Member("optional", flag),
                JSON.Member("fallback", text),
                JSON.Member("share", part),
                JSON.Member("cache", flag),
                JSON.Member("temperature", ConfigurationShape.number(PlanCheck.temperatures).schema),
                JSON.Member("top_p", part),
                JSON.Member("max_tokens", ConfigurationShape.count(PlanCheck.tokens).schema),
                JSON.Member("seed", ConfigurationShape.count(0...Int(Int32.max)).schema),
            ], required: ["model"])
        return ["type": "object", "minProperties": 1, "additionalProperties": expert]
    }

    private static var fusion: JSON {
        let weight = ConfigurationShape.number(FusionSignal.weights).schema
        let length = ConfigurationShape.count(FusionSignal.lengths).schema
        let judge = map([JSON.Member("model", text), JSON.Member("instructions", text)], required: ["model"])
        let signals = map([
            JSON.Member("judge", weight), JSON.Member("agreement", weight), JSON.Member("format", weight),
            JSON.Member(
                "length",
                map([JSON.Member("from", length), JSON.Member("to", length), JSON.Member("weight", weight)])),
        ])
        let whole = map(
            [
                JSON.Member("kind", choice(FusionDraft.kinds)),
                JSON.Member("expert", text),
                JSON.Member("judge", ["anyOf": [text, judge]]),
                JSON.Member("signals", signals),
                JSON.Member("separator", text),
                JSON.Member("titled", ConfigurationShape.flag.schema),
                JSON.Member("model", text),
                JSON.Member("instructions", text),
            ], required: ["kind"])
        return ["anyOf": [choice(FusionDraft.kinds), whole]]
    }
}
