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
    /// Whether one of its nodes, or of the graphs inside them, has a fallback.
    var fallsBack: Bool { get }
}

extension Graph: InnerGraph {
    @usableFromInline
    func content(ofNode name: String) -> NodeContent? {
        nodeNames.firstIndex(of: name).map { nodes[$0].content }
    }

    @usableFromInline var asks: Bool {
        nodes.contains { node in
            switch node.content {
            case .question: true
            case .graph(let inner, _): inner.asks
            case .work, .items: false
            }
        }
    }

    @usableFromInline var fallsBack: Bool {
        nodes.contains { node in
            if case .graph(let inner, _) = node.content, inner.fallsBack { return true }
            return node.policies.contains(.fallback)
        }
    }

    @usableFromInline var keepingComplaints: [String] { keeping.complaints }
    @usableFromInline var fingerprint: UInt64 { keeping.fingerprint }
}

/// FNV-1a with 64 bits: the same in every process, unlike `Hasher`.
struct Fingerprint {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte: byte) }
        add(byte: 0xff)
    }

    /// With their number before them, so that no list runs into the next.
    mutating func add(_ numbers: [Int]) {
        add(UInt64(numbers.count))
        for number in numbers { add(UInt64(number)) }
    }

    mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { add(byte: UInt8(truncatingIfNeeded: number >> shift)) }
    }

    private mutating func add(byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
}
