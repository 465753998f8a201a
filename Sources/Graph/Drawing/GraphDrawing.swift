// Drawings for people, made from a graph's names and edges alone. The same graph gives the same text.

extension Graph {
    /// The graph as a Mermaid flowchart. Solid arrows are always taken, dashed ones by choice or, with "error", when a
    /// node fails; "again" marks those that start a loop again. Nodes are `n0`, `n1`… in declaration order, and no
    /// name, whatever is in it, becomes anything but a label of at most 80 columns. A node's policies stand below its
    /// name. O(nodes + edges).
    public func mermaid() -> String {
        Mermaid(names: nodeNames, topology: topology, policies: nodes.map(\.policies), tally: nil).text
    }

    /// The same with a run on it: each node's outcome as its colour and mark, its time, and how often it ran. What
    /// the tally says of nodes that the graph doesn't have is left out. O(nodes + edges).
    public func mermaid(of tally: RunTally) -> String {
        Mermaid(names: nodeNames, topology: topology, policies: nodes.map(\.policies), tally: tally).text
    }

    /// The graph as text for a terminal: a line for each node in topological order, branches side by side below the
    /// node that they leave (dashed where a choice or a failure leads there), and where each node goes on:
    ///
    ///     report         → research
    ///       research     → draft
    ///       draft        → review, validate
    ///       ├─ review    → citations
    ///       └─ validate  → citations
    ///       citations    → (end)
    ///
    /// `→` is always taken, `⇢` by choice, `✗→` when the node fails; `↺` starts a loop again. A line has at most 100
    /// columns; long names are cut with "…", and targets without room are counted. A node's policies stand at its end,
    /// from the outside in: `[fallback › retry › timeout]`. O(nodes × edges).
    public func plainText() -> String {
        PlainText(graph: name, names: nodeNames, topology: topology, policies: nodes.map(\.policies), tally: nil).text
    }

    /// The same with a run on it: before each node ✓ finished, ✗ failed, – skipped, ? waiting for an answer, … running
    /// or ⊘ cancelled, after it how often it ran, its time and the code of its error. O(nodes × edges).
    public func plainText(of tally: RunTally) -> String {
        PlainText(graph: name, names: nodeNames, topology: topology, policies: nodes.map(\.policies), tally: tally).text
    }
}
