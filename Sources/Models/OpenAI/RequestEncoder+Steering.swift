extension OpenAI {
    /// What a model is told of thinking and of sampling, when the request was another dialect's or is written anew.
    struct Steered {
        private let request: ChatRequest
        private let entry: CatalogueEntry?

        init(_ call: ModelCall) {
            request = call.request
            entry = call.entry
        }

        /// The word for how much to think; `nil` leaves it to the model.
        var effort: String? {
            // Models that don't think refuse to be told how much to.
            guard entry?.supports(.thinking) != false else { return nil }
            let known = entry?.steering?.efforts
            if !request.tools.isEmpty, entry?.refuses(.toolsWithThinking) == true, known?.contains(.off) == true {
                return ThinkingEffort.off.rawValue
            }
            guard let word = request.reasoning?.effort else { return nil }
            guard let wanted = ThinkingEffort(rawValue: word) else { return word }
            // Not thinking is what most models do unless they are told to; few know a word for it.
            if wanted == .off, request.dialect != .openai, known?.contains(.off) != true { return nil }
            guard let known else { return wanted == .max ? ThinkingEffort.xhigh.rawValue : word }
            return ThinkingEffort.nearest(to: wanted, among: known)?.rawValue
        }

        /// Whether the model takes a temperature and its like.
        var takesSampling: Bool {
            if entry?.refuses(.sampling) == true { return false }
            // Those that think by a word refuse it while they do.
            guard entry?.provider == "openai", entry?.supports(.thinking) == true, let effort else { return true }
            return effort == ThinkingEffort.off.rawValue
        }
    }
}
