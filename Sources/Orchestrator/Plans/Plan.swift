public import Models

/// What was decided for a turn: who works on it, who feeds whom, and how one answer is made of theirs. It never
/// changes, and none is made that ``PlanCheck`` finds fault with.
public struct Plan: Sendable {
    /// The client's name for it: a model's, or `plan/NAME`.
    public let model: String
    /// In the order of their declaration: never empty, names unique, no cycle among them.
    public let experts: [Expert]
    public let fusion: FusionRule
    /// Whether experts that do not feed each other work at once. One after the other they give the same answer.
    public let parallel: Bool
    public let limits: Limits
    /// Whether it is the request as it stands, to one model: no second expert, nothing of its own to say.
    public let isPinned: Bool
    /// Known since it was made; `nil` for a pinned plan that nobody asked for its identity yet.
    private let known: PlanIdentity?

    /// - Throws: The first fault of ``PlanCheck``.
    public init(
        model: String, experts: [Expert], fusion: FusionRule, parallel: Bool = true, limits: Limits = Limits()
    ) throws(PlanProblem) {
        let problems = PlanCheck.problems(experts: experts, fusion: fusion, limits: limits)
        if let problem = problems.first(where: \.isError) { throw problem }
        self.init(
            checked: model, experts, fusion, parallel, limits,
            known: PlanIdentity(experts: experts, fusion: fusion, limits: limits))
    }

    /// For a client that names a concrete model. The identity is made when somebody asks for it, each time anew; one
    /// that is used often is ``identified()``.
    public init(model: String, route: Route, versions: [String] = []) {
        var expert = Expert(name: Expert.pinned, model: model, route: route)
        expert.versions = versions
        self.init(checked: model, [expert], .lead(Expert.pinned), true, Limits(), known: nil)
    }

    private init(
        checked model: String, _ experts: [Expert], _ fusion: FusionRule, _ parallel: Bool, _ limits: Limits,
        known: PlanIdentity?
    ) {
        self.model = model
        self.experts = experts
        self.fusion = fusion
        self.parallel = parallel
        self.limits = limits
        self.known = known
        isPinned = Self.isPinned(experts, fusion, limits)
    }

    /// What tells plans apart that could answer differently.
    public var identity: PlanIdentity {
        known ?? PlanIdentity(experts: experts, fusion: fusion, limits: limits)
    }

    /// The same plan with its identity worked out.
    public func identified() -> Plan {
        known != nil ? self : Plan(checked: model, experts, fusion, parallel, limits, known: identity)
    }

    /// The same plan under another of its names.
    func called(_ name: String) -> Plan { Plan(checked: name, experts, fusion, parallel, limits, known: known) }

    /// The same plan for a turn that is answered as somebody: whoever writes for the answer is told so, which makes it
    /// another plan. Judges are not told. Some microseconds with a persona, nothing without.
    func speaking(as persona: Persona?) -> Plan {
        guard let persona, !persona.instructions.isEmpty else { return self }
        return speaking(persona)
    }

    @inline(never)
    private func speaking(_ persona: Persona) -> Plan {
        let experts = experts.map { expert in
            var expert = expert
            expert.instructions = persona.before(expert.instructions)
            return expert
        }
        var fusion = fusion
        if case .synthesise(var writer) = fusion {
            writer.instructions = persona.before(writer.instructions ?? SynthesiseFusion.instructions)
            fusion = .synthesise(writer)
        }
        let identity = PlanIdentity(experts: experts, fusion: fusion, limits: limits)
        return Plan(checked: model, experts, fusion, parallel, limits, known: identity)
    }

    private static func isPinned(_ experts: [Expert], _ fusion: FusionRule, _ limits: Limits) -> Bool {
        guard experts.count == 1, let expert = experts.first, case .lead = fusion else { return false }
        var plain = Expert(name: expert.name, model: expert.model, route: expert.route)
        plain.versions = expert.versions
        return limits == Limits() && expert == plain
    }

    /// Whose answer is the answer; `nil` where one is made of several.
    public var lead: Expert? {
        guard case .lead(let name) = fusion else { return nil }
        return experts.first { $0.name == name }
    }

    /// The experts whose answers are fused, in the order of their declaration: the lead, or all that feed nobody.
    public var fusionInputs: [Expert] {
        if let lead { return [lead] }
        return PlanCheck.last(of: experts)
    }

    /// Whether what the expert says is fused: the same as ``fusionInputs``, for a turn, which asks often. No allocation;
    /// O(experts + dependencies).
    func fuses(_ name: String) -> Bool {
        if case .lead(let lead) = fusion { return lead == name }
        return !experts.contains { $0.after.contains(name) }
    }

    /// Whether the expert's answer is the answer. No allocation.
    func isLead(_ name: String) -> Bool {
        if case .lead(let lead) = fusion { lead == name } else { false }
    }

    /// Where the lead's calls go; without a lead those of the first expert.
    public var route: Route { (lead ?? experts.first)?.route ?? Route(chain: []) }

    /// What a plan may use up.
    public struct Limits: Sendable, Hashable {
        /// How many experts a plan may have at all.
        public static let mostExperts = 64

        /// At most so many experts; a longer plan is refused when it is made.
        public var experts = 16
        /// Tokens of all answers together.
        public var tokens: Int?
        /// From the start of the first expert to the end of the fusion.
        public var wallTime: Duration?

        public init() {}
    }
}

extension Plan: Equatable {
    public static func == (left: Plan, right: Plan) -> Bool {
        left.model == right.model && left.experts == right.experts && left.fusion == right.fusion
            && left.parallel == right.parallel && left.limits == right.limits
    }
}

extension Plan {
    /// One model call within a plan.
    public struct Expert: Sendable, Hashable {
        /// What the one expert of a pinned plan is called.
        public static let pinned = "answer"

        /// 1 to 64 of the characters A-Z a-z 0-9 _ -
        public var name: String
        /// As it is configured: an alias, or `provider/model`.
        public var model: String
        /// Where its calls go. Empty only in a ``PlanTemplate``, which knows no more than the model's name.
        public var route: Route
        /// What stands behind the targets of the route besides their names, in its order: the place that serves them, or
        /// the file.
        public var versions: [String] = []
        /// A system message before the conversation.
        public var instructions: String?
        /// Of the request's tools those that it may call; `nil`: all where it is the lead, else none.
        public var tools: [String]?
        /// The experts whose outputs it gets, in this order.
        public var after: [String] = []
        /// What `PROGRESS` names; says nothing of the answer.
        public var layer: String?
        public var timeout: Duration?
        /// Whether it is left out when it fails, where no fallback stands in for it.
        public var isOptional = false
        /// Stands in for its answer when it fails.
        public var fallback: String?
        /// Its share of the run's time, above 0 and up to 1; over it, it is a bottleneck. Says nothing of the answer.
        public var share: Double?
        /// Whether its answer to the same input may come from the node's cache.
        public var isCached = false
        public var parameters = Parameters()

        public init(name: String, model: String, route: Route = Route(chain: [])) {
            self.name = name
            self.model = model
            self.route = route
        }
    }

    /// What an expert asks its model for; the request's own where it says nothing.
    public struct Parameters: Sendable, Hashable {
        public var temperature: Double?
        public var topP: Double?
        public var maxTokens: Int?
        public var seed: Int64?

        public init() {}
    }
}
