/// Writes a graph as a Mermaid flowchart, and the graphs inside its nodes as subgraphs.
struct Mermaid {
    private static let maximumLabelColumns = 80

    private let tally: RunTally?
    private var lines = ["flowchart TD"]
    private var links = 0
    private var failureLinks: [String] = []
    /// By outcome the nodes that have it.
    private var outcomes: [RunTally.Outcome: [String]] = [:]

    /// The whole text.
    var text: String { lines.joined(separator: "\n") + "\n" }

    init(_ graph: DrawnGraph, tally: RunTally?) {
        self.tally = tally
        add(graph, prefix: "n", indent: "    ", place: "")
        if !failureLinks.isEmpty {
            lines.append("    linkStyle \(failureLinks.joined(separator: ",")) stroke:#b3261e")
        }
        for outcome in RunTally.Outcome.allCases {
            guard let nodes = outcomes[outcome] else { continue }
            lines.append("    classDef \(outcome) \(Mermaid.style(outcome))")
            lines.append("    class \(nodes.joined(separator: ",")) \(outcome)")
        }
    }

    /// The place of its nodes in the tally is `nil` inside the items of a list, of which there is more than one. A
    /// graph lies inside no more than `DrawnGraph.maximumDepth` others.
    private mutating func add(_ graph: DrawnGraph, prefix: String, indent: String, place: String?) {
        let (start, stop) = prefix == "n" ? ("start", "stop") : ("\(prefix)start", "\(prefix)stop")
        lines.append("\(indent)\(start)((\"start\"))")
        for node in 0..<graph.topology.count { add(node, of: graph, prefix, indent, place) }
        lines.append("\(indent)\(stop)((\"end\"))")
        for node in graph.topology.starts { link("\(indent)\(start) --> \(prefix)\(node)") }
        for (index, edge) in graph.topology.edges.enumerated() {
            if edge.kind == .onError { failureLinks.append("\(links)") }
            let arrow = arrow(edge.kind, isBack: graph.topology.isBack[index])
            link("\(indent)\(prefix)\(edge.source) \(arrow) \(prefix)\(edge.target)")
        }
        for node in 0..<graph.topology.count where graph.topology.isEnd[node] {
            let goesOn = graph.topology.edges(of: node).contains { graph.topology.edges[$0].kind != .onError }
            link("\(indent)\(prefix)\(node) \(goesOn ? "-.->" : "-->") \(stop)")
        }
    }

    private mutating func link(_ line: String) {
        lines.append(line)
        links += 1
    }

    private mutating func add(
        _ node: Int, of graph: DrawnGraph, _ prefix: String, _ indent: String, _ place: String?
    ) {
        let heard = place.flatMap { tally?.nodes[$0 + graph.names[node]] }
        let label = Mermaid.label(graph, node, heard)
        if let heard { outcomes[heard.outcome, default: []].append("\(prefix)\(node)") }
        let id = "\(indent)\(prefix)\(node)"
        switch graph.kinds[node] {
        case .question: lines.append("\(id){{\"\(label)\"}}")
        case .list: lines.append("\(id)[[\"\(label)\"]]")
        case .work: lines.append(graph.isDeferred[node] ? "\(id)([\"\(label)\"])" : "\(id)[\"\(label)\"]")
        case .graph(let inner, let isMapped):
            lines.append("\(indent)subgraph \(prefix)\(node)[\"\(label)\(isMapped ? "<br/>for each" : "")\"]")
            let within = isMapped ? nil : place.map { $0 + graph.names[node] + "/" }
            add(inner, prefix: "\(prefix)\(node)_", indent: indent + "    ", place: within)
            lines.append("\(indent)end")
        }
    }

    private func arrow(_ kind: Topology.EdgeKind, isBack: Bool) -> String {
        switch kind {
        case .always: isBack ? "-->|\"again\"|" : "-->"
        case .choice: isBack ? "-.->|\"again\"|" : "-.->"
        case .onError: isBack ? "-.->|\"error, again\"|" : "-.->|\"error\"|"
        }
    }

    private static func label(_ graph: DrawnGraph, _ node: Int, _ heard: RunTally.Node?) -> String {
        var name = escaped(DrawnText.name(graph.names[node], columns: maximumLabelColumns))
        let policies = graph.policies[node]
        if !policies.isEmpty { name += "<br/>" + policies.map(\.rawValue).joined(separator: ", ") }
        guard let heard else { return name }
        var parts = [heard.outcome.mark]
        let hasEnded = heard.outcome == .finished || heard.outcome == .failed
        if heard.duration > .zero || hasEnded { parts.append(DrawnText.duration(heard.duration)) }
        if heard.activations > 1 { parts.append(DrawnText.rounds(heard.activations)) }
        return name + "<br/>" + parts.joined(separator: " ")
    }

    private static func style(_ outcome: RunTally.Outcome) -> String {
        switch outcome {
        case .running: "fill:#dbeafe,stroke:#1d4ed8,color:#172554"
        case .finished: "fill:#dcf5e3,stroke:#1b7f3b,color:#0b3d1c"
        case .failed: "fill:#fde2e0,stroke:#b3261e,color:#5c120d"
        case .skipped: "fill:#f4f4f5,stroke:#a1a1aa,color:#71717a,stroke-dasharray:4 3"
        case .waiting: "fill:#ede9fe,stroke:#6d28d9,color:#2e1065"
        case .cancelled: "fill:#fdf0d5,stroke:#a16207,color:#4a2d04"
        }
    }

    /// Everything but letters, digits and what stands between them as a character number (`#34;`): Mermaid looks for
    /// directives, comments, HTML and Markdown even within quotes.
    static func escaped(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var escaped = ""
        for (index, scalar) in scalars.enumerated() {
            let isWithin = index > 0 && index < scalars.count - 1
            let isKept =
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9": true
                case " ": isWithin && scalars[index - 1] != " " && scalars[index + 1] != " "
                case "-", "_": isWithin && isLetterOrDigit(scalars[index - 1]) && isLetterOrDigit(scalars[index + 1])
                // With these Mermaid writes down the numbers for itself; joiners would not be seen in the source.
                case "ﬂ", "¶", "\u{200C}", "\u{200D}": false
                default: !scalar.isASCII
                }
            if isKept { escaped.unicodeScalars.append(scalar) } else { escaped += "#\(scalar.value);" }
        }
        return escaped
    }

    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": true
        default: false
        }
    }
}
