internal import Base
internal import Models
internal import Synchronization

/// One run of a plan's experts: what they have in common, and the board on which each leaves its result for those that
/// come after it. An expert reads only results on which it has waited, so it never sees how far the others are.
final class ExpertRun: Sendable {
    let plan: Plan
    let request: ChatRequest
    /// Whether the models are asked for their answers piece by piece.
    let streaming: Bool
    /// Whether text that was shown as the answer can be taken back.
    let takesBack: Bool
    let gateway: Gateway
    let guards: GuardSettings
    let cache: (any ExpertCache)?
    let time: any TimeSource
    let order: ExpertOrder
    /// When the plan's time is over, or the run's.
    let deadline: Instant?

    private struct Board {
        var results: [String: ExpertResult] = [:]
        /// Those of whose answer something was told.
        var speakers: Set<String> = []
        /// Those who have called a tool, which somebody may already be using.
        var callers: Set<String> = []
        var begun: [String: Instant] = [:]
    }

    private let board = Mutex(Board())

    init(
        _ plan: Plan, _ request: ChatRequest, streaming: Bool, takesBack: Bool, gateway: Gateway,
        cache: (any ExpertCache)?, guards: GuardSettings, time: any TimeSource, order: ExpertOrder, deadline: Instant?
    ) {
        self.plan = plan
        self.request = request
        self.streaming = streaming
        self.takesBack = takesBack
        self.gateway = gateway
        self.guards = guards
        self.cache = cache
        self.time = time
        self.order = order
        self.deadline = deadline
    }

    func expert(_ name: String) throws(CodedError) -> Plan.Expert {
        guard let expert = plan.experts.first(where: { $0.name == name }) else {
            throw CodedError(.internalError, "The plan has no expert '\(name)'.")
        }
        return expert
    }

    func begin(_ name: String) { board.withLock { $0.begun[name] = time.now() } }

    func speak(_ name: String, calling: Bool) {
        board.withLock { board in
            board.speakers.insert(name)
            if calling { board.callers.insert(name) }
        }
    }

    /// Whether what was told of its answer stays the answer, whatever becomes of the expert.
    func isBound(to name: String) -> Bool {
        guard plan.isLead(name) else { return false }
        return board.withLock { (takesBack ? $0.callers : $0.speakers).contains(name) }
    }

    func settle(_ result: ExpertResult) { board.withLock { $0.results[result.name] = result } }

    /// How long the expert has been at it.
    func duration(of name: String) -> Duration {
        let now = time.now()
        return board.withLock { board in board.begun[name].map { now.since($0) } ?? .zero }
    }

    /// In the order of their declaration. Complete once the graph has ended.
    var results: [ExpertResult] {
        board.withLock { board in plan.experts.compactMap { board.results[$0.name] } }
    }

    /// What the expert is to be asked, with the outputs of those on which it has waited.
    /// - Throws: `plan_limit` where the plan's tokens are spent.
    func request(for expert: Plan.Expert) throws(CodedError) -> ChatRequest {
        let before = order.before[expert.name] ?? []
        let (sections, used) = board.withLock { board in
            let sections = expert.after.compactMap { name in
                board.results[name]?.text.map { ExpertRequest.Section(name: name, text: $0) }
            }
            return (sections, before.reduce(0) { $0 + (board.results[$1].map(TokenShare.tokens) ?? 0) })
        }
        var most: Int?
        if let limit = plan.limits.tokens {
            let writers = plan.fusion.kind == .synthesise ? 1 : 0
            let share = try TokenShare.tokens(
                limit: limit, used: used, parts: plan.experts.count + writers - before.count)
            // No more than a model can give: more would be refused.
            most = expert.route.chain.reduce(share) { min($0, gateway.catalogue.info(of: $1)?.answerLimit ?? $0) }
        }
        return ExpertRequest.request(request, to: expert, of: plan, sections: sections, tokens: most)
    }
}
