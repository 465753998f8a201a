internal import Base

/// Turns declared policies into what stands around a node's work, or says what is wrong with them.
struct PolicyAssembly<State: Sendable, Payload: Sendable> {
    private let builder: GraphBuilder<State, Payload>
    private let declared: [Int: PolicyDeclaration]
    private let fallbacks: [Int: FallbackDeclaration<State, Payload>]
    private(set) var complaints: [String] = []

    init(_ builder: GraphBuilder<State, Payload>, _ numbers: [String: Int]) {
        self.builder = builder
        var complaints: [String] = []
        var declared: [Int: PolicyDeclaration] = [:]
        var fallbacks: [Int: FallbackDeclaration<State, Payload>] = [:]
        func place(_ node: String, _ what: String, isTaken: (Int) -> Bool) -> Int? {
            guard let number = numbers[node] else {
                let near = NearestNames.of(node, in: Array(numbers.keys), limit: 1).first
                let hint = near.map { " Did you mean \"\($0)\"?" } ?? ""
                complaints.append("\(what) are declared for \"\(node)\", which is no node.\(hint)")
                return nil
            }
            if isTaken(number) { complaints.append("\(what) of \"\(node)\" are declared more than once.") }
            return number
        }
        for policy in builder.policies {
            if let node = place(policy.node, "Policies", isTaken: { declared[$0] != nil }) { declared[node] = policy }
        }
        for fallback in builder.fallbacks {
            if let node = place(fallback.node, "Fallbacks", isTaken: { fallbacks[$0] != nil }) {
                fallbacks[node] = fallback
            }
        }
        self.declared = declared
        self.fallbacks = fallbacks
        for (node, policy) in declared.sorted(by: { $0.key < $1.key }) {
            complaints += PolicyAssembly.complaints(policy, builder.nodes[node])
        }
        for (node, fallback) in fallbacks.sorted(by: { $0.key < $1.key }) {
            complaints += PolicyAssembly.complaints(fallback, builder.nodes[node])
        }
        for node in builder.retrying {
            guard let number = place(node, "Retries of its own", isTaken: { _ in false }) else { continue }
            if declared[number]?.retry != nil {
                complaints.append("Node \"\(node)\" has a retry, and retries itself: leave the policy out.")
            }
        }
        self.complaints = complaints
    }

    private static func complaints(
        _ policy: PolicyDeclaration, _ node: NodeDeclaration<State, Payload>
    ) -> [String] {
        let who = "Node \"\(node.name)\""
        var complaints: [String] = []
        if let timeout = policy.timeout, timeout <= .zero {
            complaints.append("\(who) has a timeout of \(timeout): let it be longer than nothing.")
        }
        switch node.content {
        case .question where policy.cache != nil || policy.retry != nil || policy.timeout != nil:
            complaints.append("\(who) asks, and has policies: give them to the nodes around it.")
        case .graph where policy.retry != nil, .items where policy.retry != nil:
            complaints.append("\(who) has a retry around other work: give it to the nodes inside.")
        case .graph(let inner, _) where inner.asks && (policy.cache != nil || policy.timeout != nil):
            complaints.append(
                "\(who) has a cache or a timeout around a graph that asks: people's answers are neither kept nor hurried."
            )
        case .graph(let inner, _) where inner.fallsBack && policy.cache != nil:
            complaints.append("\(who) has a cache around a graph with a fallback: give it to the nodes inside.")
        default: break
        }
        guard policy.cache != nil else { return complaints }
        for read in node.reads where read.encoder() == nil {
            complaints.append("\(who) has a cache and reads \(read.use.name), which is not Codable.")
        }
        let table = FieldTable(reducers: [:], places: [:])
        for write in node.writes where write.stored(table).kept == nil {
            complaints.append("\(who) has a cache and writes \(write.use.name), which is not Codable.")
        }
        return complaints
    }

    private static func complaints(
        _ fallback: FallbackDeclaration<State, Payload>, _ node: NodeDeclaration<State, Payload>
    ) -> [String] {
        if case .question = node.content { return ["Node \"\(node.name)\" asks, and has a fallback: it cannot fail."] }
        let (own, instead) = (node.writes.map { $0.use }, fallback.writes)
        if own.count == instead.count, zip(own, instead).allSatisfy({ $0.isSame(as: $1) }) { return [] }
        let fields = own.map { $0.name }.joined(separator: ", ")
        return [
            "The fallback of \"\(node.name)\" must write what the node writes: \(fields.isEmpty ? "nothing" : fields)."
        ]
    }

    /// `nil` for a node without policies.
    func stack(of node: Int, _ table: FieldTable, held: Int, loops: Int) -> PolicyStack<State, Payload>? {
        let policy = declared[node]
        let fallback = fallbacks[node]
        if policy == nil, fallback == nil { return nil }
        var stack = PolicyStack<State, Payload>()
        stack.timeout = policy?.timeout
        stack.retry = policy?.retry
        stack.fallback = fallback?.body(table)
        if let policy, let cache = policy.cache {
            let declaration = builder.nodes[node]
            let stored = declaration.writes.map { $0.stored(table) }
            var fields: [FieldKey: KeptField] = [:]
            for field in stored { if let key = field.key, let kept = field.kept { fields[key] = kept } }
            stack.caching = PolicyStack.Caching(
                graph: builder.name, cache: cache, version: policy.cacheVersion,
                inputs: declaration.reads.compactMap { $0.encoder() },
                fields: fields, stored: stored, heldFields: held, loops: loops)
        }
        return stack
    }
}
