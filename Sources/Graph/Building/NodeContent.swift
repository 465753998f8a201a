public import Base
public import JSON

/// What a node is made of, as far as keeping, resuming and drawing a run need to know.
@usableFromInline
enum NodeContent: Sendable {
    case work
    /// Asks somebody; an answer must pass the check.
    case question(AnswerCheck)
    /// Runs another graph, once or for each item of a list.
    case graph(any InnerGraph, isMapped: Bool)
    /// Works on each item of a list; named is the type of the results where it is not `Codable`.
    case items(unkeptType: String?)

    @usableFromInline var isQuestion: Bool { if case .question = self { true } else { false } }

    var asks: Bool {
        switch self {
        case .question: true
        case .graph(let inner, _): inner.asks
        case .work, .items: false
        }
    }
}

/// Throws what is to be told to whoever gave an answer of the wrong type.
@usableFromInline
typealias AnswerCheck = @Sendable (JSONNode) throws(CodedError) -> Void

/// A graph whose state's type is of no interest.
@usableFromInline
protocol InnerGraph: Sendable {
    /// Of the graph's shape and fields, the same in every process.
    var fingerprint: UInt64 { get }
    /// A sentence for each result that has no form to be kept in.
    var keepingComplaints: [String] { get }
    func content(ofNode name: String) -> NodeContent?
    /// Whether one of its nodes, or of the graphs inside them, asks.
    var asks: Bool { get }
    /// As it is drawn inside `depth` others.
    func drawing(depth: Int) -> DrawnGraph
    /// Whether one of its nodes, or of the graphs inside them, has a fallback.
    var fallsBack: Bool { get }
}

extension Graph: InnerGraph {
    @usableFromInline
    func content(ofNode name: String) -> NodeContent? {
        nodeNames.firstIndex(of: name).map { nodes[$0].content }
    }

    @usableFromInline var fallsBack: Bool {
        nodes.contains { node in
            if case .graph(let inner, _) = node.content, inner.fallsBack { return true }
            return node.policies.contains(.fallback)
        }
    }

    @usableFromInline
    func drawing(depth: Int) -> DrawnGraph { DrawnGraph(self, depth: depth) }

    @usableFromInline var keepingComplaints: [String] { keeping.complaints }
    @usableFromInline var fingerprint: UInt64 { keeping.fingerprint }
}
