internal import Base

/// Writes a graph for a terminal: a line for each node, in topological order.
struct PlainText {
    /// One line before its columns are aligned.
    private struct Row {
        var mark = ""
        let name: String
        var rounds = ""
        var time = ""
        let ways: [(arrow: String, names: [String])]
        var note = ""
    }

    private static let maximumColumns = 100
    private static let maximumNameColumns = 42
    private static let maximumTargetColumns = 24

    private static let minimumNameColumns = 8

    private let tally: RunTally?
    private var rows: [Row] = []

    init(_ graph: DrawnGraph, tally: RunTally?) {
        self.tally = tally
        let starts = graph.topology.starts.map {
            DrawnText.name(graph.names[$0], columns: PlainText.maximumTargetColumns)
        }
        rows.append(
            Row(
                mark: tally?.outcome.mark ?? "",
                name: DrawnText.name(graph.name, columns: PlainText.maximumNameColumns), ways: [("→", starts)]))
        addRows(of: graph, indent: "  ", place: "")
    }

    /// A graph lies inside no more than `DrawnGraph.maximumDepth` others. What a tally says of nodes at `place`, `nil`
    /// inside the items of a list, of which there is more than one.
    private mutating func addRows(of graph: DrawnGraph, indent: String, place: String?) {
        for line in Outline(graph.topology).lines {
            let name = graph.names[line.node]
            rows.append(
                row(graph, line.node, indent: indent + line.indent, heard: place.flatMap { tally?.nodes[$0 + name] }))
            guard case .graph(let inner, let isMapped) = graph.kinds[line.node] else { continue }
            let below = String((indent + line.indent).map { "├┬│┊".contains($0) ? ($0 == "┊" ? "┊" : "│") : " " })
            addRows(of: inner, indent: below + "┊ ", place: isMapped ? nil : place.map { $0 + name + "/" })
        }
    }

    private func row(_ graph: DrawnGraph, _ node: Int, indent: String, heard: RunTally.Node?) -> Row {
        let columns = max(PlainText.minimumNameColumns, PlainText.maximumNameColumns - indent.count)
        var row = Row(
            name: indent + DrawnText.name(graph.names[node], columns: columns), ways: ways(in: graph, from: node))
        row.note = PlainText.note(graph, node)
        guard let node = heard else { return row }
        row.mark = node.outcome.mark
        row.rounds = DrawnText.rounds(node.activations)
        if node.duration > .zero || node.outcome == .finished || node.outcome == .failed {
            row.time = DrawnText.duration(node.duration)
        }
        if let failure = node.failure { row.note = "(\(failure.name))" + (row.note.isEmpty ? "" : " ") + row.note }
        return row
    }

    private static func note(_ graph: DrawnGraph, _ node: Int) -> String {
        var notes: [String] = []
        switch graph.kinds[node] {
        case .work: break
        case .question: notes.append("asks")
        case .list: notes.append("each")
        case .graph(_, let isMapped): notes.append(isMapped ? "each: graph" : "graph")
        }
        if graph.isDeferred[node] { notes.append("deferred") }
        let policies = graph.policies[node]
        if !policies.isEmpty { notes.append("[" + policies.map(\.rawValue).joined(separator: " › ") + "]") }
        return notes.joined(separator: " ")
    }

    /// Where a node leads, by kind: → always, ⇢ by choice, ↺ round its loop again, ✗→ and ✗↺ when it fails.
    private func ways(in graph: DrawnGraph, from node: Int) -> [(arrow: String, names: [String])] {
        let topology = graph.topology
        var ways: [(arrow: String, names: [String])] = ["→", "⇢", "↺", "✗→", "✗↺"].map { ($0, []) }
        var goesOn = false
        for index in topology.edges(of: node) {
            let edge = topology.edges[index]
            let isBack = topology.isBack[index]
            let way: Int
            switch edge.kind {
            case .always: way = isBack ? 2 : 0
            case .choice: way = isBack ? 2 : 1
            case .onError: way = isBack ? 4 : 3
            }
            goesOn = goesOn || edge.kind != .onError
            ways[way].names.append(DrawnText.name(graph.names[edge.target], columns: PlainText.maximumTargetColumns))
        }
        // A run may end here, but where there is a way on it need not.
        if topology.isEnd[node] { ways[goesOn ? 1 : 0].names.append("(end)") }
        return ways.filter { !$0.names.isEmpty }
    }

    /// Lines of at most 100 columns, each ended by a newline.
    var text: String {
        let nameWidth = rows.lazy.map { DrawnText.columns($0.name) }.max() ?? 0
        let roundsWidth = rows.lazy.map { $0.rounds.count }.max() ?? 0
        let timeWidth = rows.lazy.map { $0.time.count }.max() ?? 0
        var text = ""
        for row in rows {
            var line = tally == nil ? "" : (row.mark.isEmpty ? " " : row.mark) + " "
            line += row.name + spaces(nameWidth - DrawnText.columns(row.name))
            if roundsWidth > 0 { line += "  " + row.rounds + spaces(roundsWidth - row.rounds.count) }
            if timeWidth > 0 { line += "  " + spaces(timeWidth - row.time.count) + row.time }
            let note = row.note.isEmpty ? "" : "  " + row.note
            let room = PlainText.maximumColumns - DrawnText.columns(line) - 2 - note.count
            line += "  " + targets(row.ways, columns: room) + note
            text += line + "\n"
        }
        return text
    }

    private func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }

    /// As many targets as there is room for, and the number of the others.
    private func targets(_ ways: [(arrow: String, names: [String])], columns: Int) -> String {
        var text = ""
        var width = 0
        var left = ways.reduce(0) { $0 + $1.names.count }
        for way in ways {
            for (position, name) in way.names.enumerated() {
                var piece = position > 0 ? ", " : (text.isEmpty ? "" : "  ") + way.arrow + " "
                piece += name
                let rest = left == 1 ? 0 : " +\(left - 1)".count
                if width + DrawnText.columns(piece) + rest > columns { return text + " +\(left)" }
                text += piece
                width += DrawnText.columns(piece)
                left -= 1
            }
        }
        return text
    }
}
