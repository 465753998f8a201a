/// The words by which a model is told how much to think, the least first.
public enum ThinkingEffort: String, Sendable, Hashable, CaseIterable {
    /// Not at all.
    case off = "none"
    case minimal, low, medium, high, xhigh, max

    /// The word for another that a model does not take: the next lower one, else the next higher. Not thinking and
    /// thinking are never exchanged; `nil` where there is nothing to choose from.
    static func nearest(to wanted: ThinkingEffort, among known: Set<ThinkingEffort>) -> ThinkingEffort? {
        if wanted == .off { return known.contains(.off) ? .off : nil }
        let degrees = allCases.filter { $0 != .off && known.contains($0) }
        guard let place = allCases.firstIndex(of: wanted) else { return nil }
        return degrees.last { allCases[...place].contains($0) } ?? degrees.first
    }
}

/// What a model answers with an error when a request holds it.
public enum RequestRefusal: String, Sendable, Hashable, CaseIterable {
    /// `temperature`, `top_p` and `top_k`, whatever else the request holds.
    case sampling
    /// A temperature and a `top_p` in one request.
    case temperatureWithTopP = "temperature_with_top_p"
    /// A choice of tools that does not leave the model free to call none.
    case forcedTool = "forced_tool"
    /// Being told not to think.
    case noThinking = "no_thinking"
    /// Functions, while the model thinks; of OpenAI's chat completions.
    case toolsWithThinking = "tools_with_thinking"
}

/// What is known of how a model is steered.
public struct Steering: Sendable, Hashable {
    /// The words that it takes, where its thinking is asked for by a word and it decides itself how many tokens that
    /// is; with `none`, it thinks unless told not to. Empty: no word. `nil` when not known.
    public internal(set) var efforts: Set<ThinkingEffort>?
    public internal(set) var refuses: Set<RequestRefusal> = []
    /// The page that says so, or ``CatalogueEntry/configuration``.
    public internal(set) var source: String
    /// The day on which it said so; `nil` for what the configuration says.
    public internal(set) var date: String?

    /// The word to send for this one; `nil` where none will do.
    func effort(nearest wanted: ThinkingEffort) -> ThinkingEffort? {
        efforts.flatMap { ThinkingEffort.nearest(to: wanted, among: $0) }
    }
}

extension Steering {
    /// What a configuration's row says, and what it leaves open from `base`; `nil` when neither says anything.
    init?(_ row: CatalogueRow, over base: Steering?) {
        guard row.efforts != nil || row.refuses != nil else {
            guard let base else { return nil }
            self = base
            return
        }
        efforts = row.efforts ?? base?.efforts
        refuses = row.refuses ?? base?.refuses ?? []
        source = CatalogueEntry.configuration
    }
}

extension CatalogueEntry {
    /// Whether it is known to.
    public func refuses(_ refusal: RequestRefusal) -> Bool { steering?.refuses.contains(refusal) == true }
}
