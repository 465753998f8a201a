internal import Orchestrator

/// What goes in and out of a turn, what is kept of it, and of the conversation it belongs to.
extension ConfigurationKey {
    static let orchestrator: [ConfigurationKey] = guards + runs + conversations

    private static let guards: [ConfigurationKey] = [
        choice(
            "guards.input", \.guards.input,
            "What happens to a request with control characters or one that looks like an injection: nothing, it is told, or "
                + "the request is refused."),
        choice(
            "guards.output", \.guards.output,
            "What happens to e-mail addresses, phone numbers, cards, IBANs, SSNs and keys in an answer, and to what "
                + "`guards.patterns` finds: nothing, they are counted, or a mark such as `[EMAIL]` takes their place."),
    ]

    private static let runs: [ConfigurationKey] = [
        duration(
            "runs.grace", \.runs.grace,
            "How long a resumable run goes on while nobody is connected to it; then it is cancelled.", from: .zero,
            to: .seconds(3600)),
        count(
            "runs.ring", \.runs.ring,
            "The events of a run that are kept for who connects again; a run that nobody listens to waits when they are "
                + "full.", 16...1_000_000),
        duration(
            "runs.keep", \.runs.keep, "How long the events of a run that has ended are kept.", from: .zero,
            to: .seconds(3600)),
        size(
            "runs.max_memory", \.runs.maxMemory, "What the events of all runs may take together.", 1 << 20...1 << 36),
        count(
            "runs.max_runs", \.runs.maxRuns, "Resumable runs that are kept at once, those that have ended included.",
            1...1_000_000),
    ]

    private static let conversations: [ConfigurationKey] = [
        count(
            "conversations.max", \.conversations.max,
            "Conversations that are remembered; of more, those that were silent the longest are forgotten.",
            1...10_000_000),
        duration(
            "conversations.ttl", \.conversations.ttl, "After such a silence a conversation is forgotten.",
            to: .seconds(90 * 86_400)),
        count(
            "conversations.messages", \.conversations.messages,
            "The last messages of a conversation that go with the next one, by whole turns.", 0...1000),
        size(
            "conversations.max_memory", \.conversations.maxMemory,
            "What all conversations may take together; over it, the longest silent ones are forgotten.",
            1 << 20...1 << 36),
    ]
}
