/// Everything that is wrong with a graph, found before it ever runs.
public struct GraphBuildError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The graph's name.
    public let graph: String
    /// One sentence each, in the order of declaration.
    public let complaints: [String]

    /// All complaints, one a line. O(complaints).
    public var description: String {
        "The graph \"\(graph)\" cannot be built:\n" + complaints.map { "- \($0)" }.joined(separator: "\n")
    }
}
