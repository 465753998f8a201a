// Drawings for people, made from a graph's names and edges alone. The same graph gives the same text.

extension Graph {
    /// The graph as a Mermaid flowchart. Solid arrows are always taken, dashed ones by choice or, with "error", when a
    /// node fails; "again" marks those that start a loop again. A node that asks is a hexagon, one that works on a list
    /// has double sides, a deferred one round ends; a graph inside a node is drawn inside it. Nodes are `n0`, `n1`… in
    /// declaration order, those inside `n1_0`, and no name, whatever is in it, becomes anything but a label of at most
    /// 80 columns. A node's policies stand below its name. O(nodes + edges).
    public func mermaid() -> String { Mermaid(DrawnGraph(self), tally: nil).text }

    /// The same with a run on it: each node's outcome as its colour and mark, its time, and how often it ran. What
    /// the tally says of nodes that the graph doesn't have is left out, and so is what it says of items of a list.
    /// O(nodes + edges).
    public func mermaid(of tally: RunTally) -> String { Mermaid(DrawnGraph(self), tally: tally).text }

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
    /// columns; long names are cut with "…", and targets without room are counted. At its end stands what a node is
    /// (`asks`, `graph`, `each` for a list, `deferred`) and its policies from the outside in:
    /// `[fallback › retry › timeout]`. The lines of a graph inside a node follow it, behind `┊`. O(nodes × edges).
    public func plainText() -> String { PlainText(DrawnGraph(self), tally: nil).text }

    /// The same with a run on it: before each node ✓ finished, ✗ failed, – skipped, ? waiting for an answer, … running
    /// or ⊘ cancelled, after it how often it ran, its time and the code of its error; not of items of a list.
    /// O(nodes × edges).
    public func plainText(of tally: RunTally) -> String { PlainText(DrawnGraph(self), tally: tally).text }
}
