/// Writes a graph as a Mermaid flowchart.
struct Mermaid {
    private static let maximumLabelColumns = 80

    private let names: [String]
    private let topology: Topology
    private let policies: [[NodePolicy]]
    private let tally: RunTally?

    init(names: [String], topology: Topology, policies: [[NodePolicy]], tally: RunTally?) {
        self.names = names
        self.topology = topology
        self.policies = policies
        self.tally = tally
    }

    var text: String {
        var lines = ["flowchart TD", "    start((\"start\"))"]
        for node in 0..<topology.count { lines.append("    n\(node)[\"\(label(node))\"]") }
        lines.append("    stop((\"end\"))")
        for start in topology.starts { lines.append("    start --> n\(start)") }
        var links = topology.starts.count
        var failureLinks: [String] = []
        for (index, edge) in topology.edges.enumerated() {
            lines.append("    n\(edge.source) \(arrow(edge.kind, isBack: topology.isBack[index])) n\(edge.target)")
            if edge.kind == .onError { failureLinks.append("\(links)") }
            links += 1
        }
        for node in 0..<topology.count where topology.isEnd[node] {
            let goesOn = topology.edges(of: node).contains { topology.edges[$0].kind != .onError }
            lines.append("    n\(node) \(goesOn ? "-.->" : "-->") stop")
        }
        if !failureLinks.isEmpty {
            lines.append("    linkStyle \(failureLinks.joined(separator: ",")) stroke:#b3261e")
        }
        return (lines + classes).joined(separator: "\n") + "\n"
    }

    private func arrow(_ kind: Topology.EdgeKind, isBack: Bool) -> String {
        switch kind {
        case .always: isBack ? "-->|\"again\"|" : "-->"
        case .choice: isBack ? "-.->|\"again\"|" : "-.->"
        case .onError: isBack ? "-.->|\"error, again\"|" : "-.->|\"error\"|"
        }
    }

    private func label(_ node: Int) -> String {
        var name = Mermaid.escaped(DrawnText.name(names[node], columns: Mermaid.maximumLabelColumns))
        if !policies[node].isEmpty { name += "<br/>" + policies[node].map(\.rawValue).joined(separator: ", ") }
        guard let entry = tally?.nodes[names[node]] else { return name }
        var parts = [entry.outcome.mark]
        let hasEnded = entry.outcome == .finished || entry.outcome == .failed
        if entry.duration > .zero || hasEnded { parts.append(DrawnText.duration(entry.duration)) }
        if entry.activations > 1 { parts.append(DrawnText.rounds(entry.activations)) }
        return name + "<br/>" + parts.joined(separator: " ")
    }

    /// One class for each outcome that occurs, in the order of `Outcome`.
    private var classes: [String] {
        guard let tally else { return [] }
        var lines: [String] = []
        for outcome in RunTally.Outcome.allCases {
            let nodes = names.indices.filter { tally.nodes[names[$0]]?.outcome == outcome }
            guard !nodes.isEmpty else { continue }
            lines.append("    classDef \(outcome) \(Mermaid.style(outcome))")
            lines.append("    class \(nodes.map { "n\($0)" }.joined(separator: ",")) \(outcome)")
        }
        return lines
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
