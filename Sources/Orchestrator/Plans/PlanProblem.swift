/// One thing that is wrong with a plan, and what to do about it.
public struct PlanProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where in the plan: names of its members, such as `["experts", "draft", "after"]`.
    public var path: [String]
    public var sentence: String
    /// Whether the plan cannot be used; else somebody should know.
    public var isError = true

    public init(_ path: [String], _ sentence: String, isError: Bool = true) {
        self.path = path
        self.sentence = sentence
        self.isError = isError
    }

    public var description: String { "\(path.joined(separator: ".")): \(sentence)" }
}
