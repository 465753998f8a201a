internal import Models
internal import Orchestrator

/// `tutti models`: what it prints, as text. Pure.
enum ModelsCommand {
    /// A line for each name that resolves: its window and longest answer in tokens, prices in dollars a million tokens,
    /// and what it can do. "–" is what is not known.
    static func table(_ models: [(name: String, chain: [Target], entry: CatalogueEntry?)]) -> String {
        let head = ["model", "window", "answer", "$ in", "$ cached", "$ out", "can"]
        let rows = models.map { name, chain, entry -> [String] in
            let rates = entry?.prices?.standard
            let isAlias = chain.first.map { $0.name != name } ?? false
            return [
                isAlias ? "\(name) → \(chain.map(\.name).joined(separator: ", "))" : name,
                shown(entry?.context), shown(entry?.output), shown(rates?.input), shown(rates?.cached),
                shown(rates?.output),
                entry?.capabilities.map { known in
                    Capability.allCases.filter(known.contains).map(\.rawValue).joined(separator: ", ")
                } ?? "–",
            ]
        }
        let widths = head.indices.map { column in ([head] + rows).map { $0[column].count }.max() ?? 0 }
        return ([head] + rows).map { row in
            var line = ""
            for (column, cell) in row.enumerated() {
                let padding = String(repeating: " ", count: widths[column] - cell.count)
                // Numbers end where the numbers above them do.
                line += (1...5).contains(column) ? padding + cell : column == row.count - 1 ? cell : cell + padding
                if column < row.count - 1 { line += "  " }
            }
            return line + "\n"
        }.joined()
    }

    /// The names of plans, and whom their experts ask first. What several models can do together nobody has written
    /// down.
    static func plans(_ plans: PlanBook) -> [(name: String, chain: [Target], entry: CatalogueEntry?)] {
        plans.names.map { name in
            var asked: [Target] = []
            for expert in (try? plans.plan(named: name))?.experts ?? [] {
                if let first = expert.route.chain.first, !asked.contains(first) { asked.append(first) }
            }
            return (name, asked, nil)
        }
    }

    private static func shown<Value: CustomStringConvertible>(_ value: Value?) -> String {
        value?.description ?? "–"
    }
}
