internal import Base

/// What keeping runs of a graph takes.
struct Keeping<State: Sendable>: Sendable {
    /// By node: how its writes are done again.
    let stored: [[StoredField<State>]]
    let fields: [FieldKey: KeptField]
    /// Nodes by their names.
    let numbers: [String: Int]
    /// A sentence for each result that has no form to be kept in.
    let complaints: [String]
    /// Of the graph's shape and fields, the same in every process.
    let fingerprint: UInt64

    init<Payload: Sendable>(_ graph: Graph<State, Payload>) {
        let stored = graph.nodes.map { $0.stored() }
        var fields: [FieldKey: KeptField] = [:]
        for field in stored.joined() {
            if let key = field.key, let kept = field.kept { fields[key] = kept }
        }
        self.stored = stored
        self.fields = fields
        numbers = Dictionary(zip(graph.nodeNames, 0...), uniquingKeysWith: { first, _ in first })
        complaints = Keeping.complaints(graph, stored)
        fingerprint = Keeping.fingerprint(graph, stored)
    }

    private static func complaints<Payload: Sendable>(
        _ graph: Graph<State, Payload>, _ stored: [[StoredField<State>]]
    ) -> [String] {
        var complaints: [String] = []
        for (number, node) in graph.nodes.enumerated() {
            let who = "Node \"\(graph.nodeNames[number])\" of \"\(graph.name)\""
            if graph.nodeNames[number].utf8.contains(0) { complaints.append("\(who) has a NUL in its name.") }
            for field in stored[number] where field.kept == nil {
                complaints.append(
                    "\(who) writes \(field.name), whose type \(field.typeName) is not Codable, so the run cannot be kept."
                )
            }
            switch node.content {
            case .graph(let inner, _): complaints += inner.keepingComplaints
            case .items(unkeptType: let type?):
                complaints.append("\(who) makes items of the type \(type), which is not Codable.")
            case .work, .question, .items(unkeptType: nil): break
            }
        }
        return complaints
    }

    private static func fingerprint<Payload: Sendable>(
        _ graph: Graph<State, Payload>, _ stored: [[StoredField<State>]]
    ) -> UInt64 {
        var hash = Fingerprint()
        hash.add(graph.name)
        for (number, node) in graph.nodes.enumerated() {
            hash.add(graph.nodeNames[number])
            for field in stored[number] {
                hash.add(field.name)
                hash.add(field.typeName)
                hash.add(field.reducer)
            }
            switch node.content {
            case .work: hash.add(0)
            case .question: hash.add(1)
            case .items: hash.add(2)
            case .graph(let inner, let isMapped):
                hash.add(isMapped ? 4 : 3)
                hash.add(inner.fingerprint)
            }
        }
        for edge in graph.topology.edges {
            hash.add(UInt64(edge.source) << 40 | UInt64(edge.target) << 8 | UInt64(edge.kind.rawValue))
        }
        hash.add(graph.topology.starts)
        hash.add(graph.topology.deferred)
        hash.add(graph.topology.isEnd.indices.filter { graph.topology.isEnd[$0] })
        return hash.value
    }
}
