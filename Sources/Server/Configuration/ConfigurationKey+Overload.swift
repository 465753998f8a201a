internal import Models
internal import Resilience

/// What is done for an answer when a provider is slow, breaks off, has failed or is busy.
extension ConfigurationKey {
    static let hedge: [ConfigurationKey] = [
        flag(
            "resilience.hedge.enabled", \.resilience.hedge.isEnabled,
            "Whether a second model is asked while the first one is unusually slow to begin. Never for tools with effects."
        ),
        number(
            "resilience.hedge.percentile", \.resilience.hedge.percentile,
            "It is asked when the first one has been silent for longer than this part of its recent calls.", 0.5...0.999
        ),
        number(
            "resilience.hedge.budget", \.resilience.hedge.budget,
            "How many such extra calls there are at most for a call.",
            0.001...1),
    ]

    static let answers: [ConfigurationKey] = [
        choice(
            "resilience.midstream", \.resilience.midstream,
            "What happens to a stream that breaks after a part of it was shown: it ends in an error, or the next model "
                + "goes on with its text if it can."),
        one(
            "resilience.hold", \.resilience.hold,
            "How many tokens of a stream are held back before the first is shown: until then it can begin anew elsewhere.",
            "a whole number from 0 to \(Hold.mostTokens), or all for the whole answer",
            shape: .countOr(0...Hold.mostTokens, "all"),
            read: { text in
                if text == "all" { return .all }
                return Quantities.count(text).flatMap { (0...Hold.mostTokens).contains($0) ? .tokens($0) : nil }
            },
            show: { hold in
                switch hold {
                case .tokens(let count): "\(count)"
                case .all: "all"
                }
            }),
        degrade,
        one(
            "resilience.degraded_text", \.resilience.degradedText, "The answer of `text` in `resilience.degrade`.",
            "a text of at most \(mostText) bytes",
            read: { $0.utf8.count <= mostText && $0.unicodeScalars.allSatisfy(isPrintable) ? $0 : nil },
            show: { $0 }),
    ]

    private static let mostText = 4096

    /// Everything but control characters; lines may end.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value) || scalar == "\n" || scalar == "\t"
    }

    private static let degrade = ConfigurationKey(
        path: "resilience.degrade",
        meaning: "What answers when every model of a chain has failed, in this order: the local model, an older answer "
            + "from the cache, a text.",
        expectation: "a list of \(Degradation.allCases.map(\.rawValue).joined(separator: ", ")), each at most once",
        isList: true,
        shape: .choice(Degradation.allCases.map(\.rawValue)),
        set: { configuration, texts in
            let found = texts.compactMap { Degradation(rawValue: $0) }
            guard found.count == texts.count, Set(found).count == found.count else { return false }
            configuration.resilience.degrade = found
            return true
        },
        get: { $0.resilience.degrade.map(\.rawValue) })

    static let limits: [ConfigurationKey] = [
        count(
            "resilience.limits.per_provider", \.resilience.limits.perProvider,
            "Calls under way to one provider; how many it really gets adapts to how fast it answers.", 1...100_000),
        count(
            "resilience.limits.total", \.resilience.limits.total, "Calls under way to all providers together.",
            1...100_000),
        count(
            "resilience.limits.queue", \.resilience.limits.queue,
            "Calls that may wait for their turn, at each provider and before the total.", 0...100_000),
        duration(
            "resilience.limits.queue_wait", \.resilience.limits.queueWait,
            "No call waits longer for its turn; one that would is refused at once.", to: .seconds(3600)),
    ]

    static let chaos: [ConfigurationKey] = [
        number(
            "chaos.latency_rate", \.chaos.latencyRate, "The part of the calls that wait before they are made.", 0...1),
        duration("chaos.latency", \.chaos.latency, "How long those wait at most.", to: .seconds(3600)),
        number("chaos.error_rate", \.chaos.errorRate, "The part of the calls that fail.", 0...1),
        number("chaos.cut_rate", \.chaos.cutRate, "The part of the streams that break off after some events.", 0...1),
        number(
            "chaos.stall_rate", \.chaos.stallRate, "The part of the streams that fall silent after some events.", 0...1),
        duration("chaos.stall", \.chaos.stall, "How long those are silent.", to: .seconds(3600)),
        names(
            "chaos.providers", \.chaos.providers, "The providers whose calls are meant; all of them by default.",
            "a list of providers, such as [groq]", isValid: Names.isProvider),
    ]
}
