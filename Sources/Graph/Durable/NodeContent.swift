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
}

/// Throws what is to be told to whoever gave an answer of the wrong type.
@usableFromInline
typealias AnswerCheck = @Sendable (JSONNode) throws(CodedError) -> Void

/// A graph whose state's type is of no interest.
@usableFromInline
protocol InnerGraph: Sendable {
    var name: String { get }
    var nodeNames: [String] { get }
    /// Whether it can ask anything, itself or in a graph inside it.
    var hasQuestions: Bool { get }
    /// Of the graph's shape and fields, the same in every process.
    var fingerprint: UInt64 { get }
    /// A sentence for each result that has no form to be kept in.
    var keepingComplaints: [String] { get }
    func content(ofNode name: String) -> NodeContent?
}

extension Graph: InnerGraph {
    @usableFromInline var hasQuestions: Bool {
        nodes.contains { node in
            switch node.content {
            case .question: true
            case .graph(let inner, _): inner.hasQuestions
            case .work, .items: false
            }
        }
    }

    @usableFromInline
    func content(ofNode name: String) -> NodeContent? {
        nodeNames.firstIndex(of: name).map { nodes[$0].content }
    }

    @usableFromInline var keepingComplaints: [String] {
        var complaints: [String] = []
        for (name, node) in zip(nodeNames, nodes) {
            for field in node.stored() where field.kept == nil {
                complaints.append(
                    """
                    Node "\(name)" of "\(self.name)" writes \(field.name), whose type \(field.typeName) is not \
                    Codable, so the run cannot be kept.
                    """)
            }
            switch node.content {
            case .graph(let inner, _): complaints += inner.keepingComplaints
            case .items(unkeptType: let type?):
                complaints.append(
                    "Node \"\(name)\" of \"\(self.name)\" makes items of the type \(type), which is not Codable.")
            case .work, .question, .items(unkeptType: nil): break
            }
        }
        return complaints
    }

    @usableFromInline var fingerprint: UInt64 {
        var hash = Fingerprint()
        hash.add(name)
        for (name, node) in zip(nodeNames, nodes) {
            hash.add(name)
            for field in node.stored() {
                hash.add(field.name)
                hash.add(field.typeName)
            }
            switch node.content {
            case .work: hash.add(0)
            case .question: hash.add(1)
            case .items: hash.add(2)
            case .graph(let inner, let isMapped):
                hash.add(isMapped ? 4 : 3)
                hash.add(inner.fingerprint)
            }
        }
        for edge in topology.edges {
            hash.add(UInt64(edge.source) << 40 | UInt64(edge.target) << 8 | UInt64(edge.kind.rawValue))
        }
        for node in topology.starts { hash.add(UInt64(node)) }
        for (node, isEnd) in topology.isEnd.enumerated() where isEnd { hash.add(UInt64(node)) }
        return hash.value
    }

    /// How each field that nodes write is kept.
    var keptFields: [FieldKey: KeptField] {
        var fields: [FieldKey: KeptField] = [:]
        for field in nodes.flatMap({ $0.stored() }) {
            if let key = field.key, let kept = field.kept { fields[key] = kept }
        }
        return fields
    }
}

/// FNV-1a with 64 bits: the same in every process, unlike `Hasher`.
struct Fingerprint {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte: byte) }
        add(byte: 0xff)
    }

    mutating func add(_ number: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { add(byte: UInt8(truncatingIfNeeded: number >> shift)) }
    }

    private mutating func add(byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
}
