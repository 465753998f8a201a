internal import Base

/// Turns a builder's declarations into a graph, or into the list of all that is wrong with them.
struct GraphAssembly<State: Sendable, Payload: Sendable> {
    let builder: GraphBuilder<State, Payload>
    let names: [String]
    /// Of nodes of the same name the first.
    let numbers: [String: Int]
    private(set) var complaints: [String] = []
    private var seenEdges: Set<Topology.Edge> = []
    private(set) var edges: [Topology.Edge] = []
    private(set) var starts: [Int] = []
    private(set) var ends: [Int] = []
    private(set) var deferred: [Int] = []
    private(set) var priorities: [Int]

    init(_ builder: GraphBuilder<State, Payload>) {
        self.builder = builder
        names = builder.nodes.map(\.name)
        numbers = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
        priorities = Array(repeating: 0, count: names.count)
    }

    /// All checks, then the graph. The checks go on after a complaint as far as what follows still means something.
    consuming func graph() throws(GraphBuildError) -> Graph<State, Payload> {
        complaints = builder.complaints
        resolveNames()
        checkStoredProperties()
        let policies = PolicyAssembly(builder, numbers)
        complaints += policies.complaints
        for (name, priority) in builder.priorities {
            if let node = number(name, in: "A priority") { priorities[node] = priority }
        }
        let loops = LoopFinder(count: names.count, edges: edges, starts: starts).find()
        complaints += ShapeCheck(names: names, edges: edges, starts: starts, ends: ends, loops: loops).complaints
        guard loops.irreducible.isEmpty, numbers.count == names.count else { throw error() }
        let topology = Topology(
            count: names.count, edges: edges, starts: starts, ends: ends, deferred: deferred, loops: loops)
        let fields = FieldAnalysis(
            topology: topology, names: names, declarations: builder.fields, access: access(reached: loops.order),
            exclusivity: Exclusivity(topology, exclusiveRoutes: exclusiveRoutes()))
        complaints += fields.complaints
        guard complaints.isEmpty else { throw error() }
        return Graph(
            name: builder.name, nodeNames: names, topology: topology, nodes: bodies(fields, policies),
            heldFields: fields.heldPaths.count, priorities: priorities)
    }

    private func error() -> GraphBuildError { GraphBuildError(graph: builder.name, complaints: complaints) }

    // MARK: Names

    private mutating func resolveNames() {
        var seen: Set<String> = []
        var reported: Set<String> = []
        for name in names where !seen.insert(name).inserted && reported.insert(name).inserted {
            complaints.append("Node \"\(name)\" is declared more than once.")
        }
        for name in builder.starts {
            if let node = number(name, in: "The start") { starts.append(node) }
        }
        for name in builder.ends {
            if let node = number(name, in: "The end") { ends.append(node) }
        }
        for name in builder.deferred {
            if let node = number(name, in: "The list of deferred nodes") { deferred.append(node) }
        }
        for edge in builder.edges {
            let what = "The edge from \"\(edge.source)\" to \"\(edge.target)\""
            connect(edge.source, edge.target, edge.kind, what: what)
        }
        var routed: Set<String> = []
        for route in builder.routes {
            if !routed.insert(route.source).inserted {
                complaints.append("Node \"\(route.source)\" has more than one route; let one choose among all targets.")
                continue
            }
            if route.targets.isEmpty { complaints.append("The route of \"\(route.source)\" has no targets.") }
            for target in route.targets {
                connect(route.source, target, .choice, what: "The route from \"\(route.source)\" to \"\(target)\"")
            }
        }
        if builder.starts.isEmpty { complaints.append("The graph has no start.") }
        if builder.ends.isEmpty { complaints.append("The graph has no end.") }
    }

    private mutating func connect(_ source: String, _ target: String, _ kind: Topology.EdgeKind, what: String) {
        let from = number(source, in: what)
        let to = number(target, in: what)
        guard let from, let to else { return }
        let same = Topology.Edge(source: from, target: to, kind: kind == .onError ? .onError : .always)
        if seenEdges.insert(same).inserted {
            edges.append(Topology.Edge(source: from, target: to, kind: kind))
        } else {
            complaints.append("\(what) is declared more than once.")
        }
    }

    private mutating func number(_ name: String, in what: String) -> Int? {
        if let number = numbers[name] { return number }
        let near = NearestNames.of(name, in: names, limit: 1).first.map { " Did you mean \"\($0)\"?" } ?? ""
        complaints.append("\(what) names \"\(name)\", which is no node.\(near)")
        return nil
    }

    // MARK: Fields

    private mutating func checkStoredProperties() {
        func check(_ use: FieldUse, _ whose: String) {
            if use.range == nil {
                complaints.append("\(whose) uses \(use.name), which is no stored property of the state.")
            }
        }
        for field in builder.fields { check(field.use, "A field declaration") }
        for node in builder.nodes {
            for read in node.reads where read.use.range == nil { check(read.use, "Node \"\(node.name)\"") }
            for write in node.writes where write.use.range == nil { check(write.use, "Node \"\(node.name)\"") }
        }
        for route in builder.routes {
            for use in route.reads { check(use, "The route of \"\(route.source)\"") }
        }
        for fallback in builder.fallbacks {
            for use in fallback.reads + fallback.writes { check(use, "The fallback of \"\(fallback.node)\"") }
        }
        for recording in builder.recordings { check(recording.use, "The onError edge of \"\(recording.node)\"") }
    }

    /// Of what no start reaches nothing else is said.
    private func access(reached: [Int]) -> [NodeAccess] {
        var access = builder.nodes.map { node in
            NodeAccess(reads: node.reads.map { $0.use }, writes: node.writes.map { $0.use })
        }
        for fallback in builder.fallbacks {
            if let node = numbers[fallback.node] { access[node].reads += fallback.reads }
        }
        for route in builder.routes {
            if let node = numbers[route.source] { access[node].routeReads += route.reads }
        }
        for recording in builder.recordings {
            if let node = numbers[recording.node] { access[node].recordings.append(recording.use) }
        }
        let reached = Set(reached)
        for node in access.indices where !reached.contains(node) { access[node] = NodeAccess(reads: [], writes: []) }
        return access
    }

    private func exclusiveRoutes() -> Set<Int> {
        Set(builder.routes.lazy.filter(\.isExclusive).compactMap { numbers[$0.source] })
    }

    // MARK: Bodies

    private func bodies(
        _ fields: FieldAnalysis, _ policies: PolicyAssembly<State, Payload>
    ) -> [NodeBody<State, Payload>] {
        var routes: [Int: RouteDeclaration<State>] = [:]
        for route in builder.routes { if let node = numbers[route.source] { routes[node] = route } }
        var recordings: [Int: [Recording<State>]] = [:]
        for recording in builder.recordings {
            if let node = numbers[recording.node] { recordings[node, default: []].append(recording) }
        }
        var bodies: [NodeBody<State, Payload>] = []
        bodies.reserveCapacity(builder.nodes.count)
        for (number, node) in builder.nodes.enumerated() {
            let table = fields.table(for: number)
            let writes = node.writes
            // Not by way of an optional closure: every call of one that was generic for a moment allocates for its return.
            var prepare = node.body(table)
            let stack = policies.stack(
                of: number, table, held: fields.heldPaths.count, loops: fields.loopCount)
            if let stack { prepare = stack.around(prepare) }
            bodies.append(
                NodeBody(
                    heldReads: fields.heldReads(of: number), prepare: prepare, decide: routes[number]?.decide,
                    records: recordings[number]?.map { $0.body(table) } ?? [],
                    stored: { writes.map { $0.stored(table) } }, content: node.content,
                    policies: stack?.policies ?? []))
        }
        return bodies
    }
}
