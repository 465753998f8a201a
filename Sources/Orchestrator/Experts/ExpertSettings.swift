/// What the orchestrator needs for plans with several experts, besides the plans.
public struct ExpertSettings: Sendable {
    /// Where answers are kept of experts that allow it; `nil` asks each time.
    public var cache: (any ExpertCache)?
    /// What a plan's `own` fusion is, by its name.
    public var fusions: [String: any Fusion]
    /// For how many plans the graphs are kept. Another plan's is built, which takes some microseconds an expert.
    public var graphs: Int

    public init(cache: (any ExpertCache)? = nil, fusions: [String: any Fusion] = [:], graphs: Int = 256) {
        self.cache = cache
        self.fusions = fusions
        self.graphs = graphs
    }
}
