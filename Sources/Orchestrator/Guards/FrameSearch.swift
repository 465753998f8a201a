internal import JSON
internal import Models

/// What is found in a provider's own bytes, which hold more than the texts that are read from them: citations, inputs and
/// results of its own tools, transcripts. They are searched as the JSON text that they are, and where that has escapes,
/// its strings without them as well.
struct FrameSearch {
    /// Only kinds that were found.
    private(set) var counts: [GuardKind: Int] = [:]
    private let frame: Frame
    /// What of the frame is the model's.
    private let searched: Range<Int>
    private var edits: [SecretFinder.Edit] = []
    /// Whether more stands behind escapes than marks can take the place of.
    private var isHidden = false

    init(_ frame: Frame, _ patterns: GuardPatterns) {
        self.frame = frame
        searched = Self.searched(frame)
        edits = Self.edits(in: frame.bytes.span.extracting(searched), patterns)
        Self.count(edits, into: &counts)
        guard frame.bytes[searched].contains(UInt8(ascii: "\\")),
            let root = try? JSONDocument(frame.bytes.span.extracting(searched)).root
        else { return }
        var unescaped: [GuardKind: Int] = [:]
        Self.count(root, patterns, into: &unescaped)
        for (kind, count) in unescaped where count > counts[kind, default: 0] {
            counts[kind] = count
            isHidden = true
        }
    }

    var isEmpty: Bool { counts.isEmpty }

    /// Whether the frame tells again what events before it have told in pieces.
    var isRepeating: Bool { frame.dialect == .responses }

    /// The frame with marks; `nil` where they cannot stand in it.
    var redacted: Frame? {
        guard !isHidden else { return nil }
        var redaction = Redaction(isJSON: true)
        let text = redaction.apply(edits, to: String(decoding: frame.bytes[searched], as: UTF8.self), from: 0)
        var bytes = frame.bytes
        bytes.replaceSubrange(searched, with: text.utf8)
        guard (try? JSONDocument(bytes)) != nil else { return nil }
        return Frame(dialect: frame.dialect, bytes: bytes)
    }

    /// Responses repeat the request that they answer: there only the output is the model's.
    private static func searched(_ frame: Frame) -> Range<Int> {
        guard frame.dialect == .responses else { return frame.bytes.indices }
        if let output = JSONMembers.find("output", in: frame.bytes) { return output.value }
        guard let response = JSONMembers.find("response", in: frame.bytes)?.value else { return frame.bytes.indices }
        guard let output = JSONMembers.find("output", in: Array(frame.bytes[response]))?.value else {
            return response.lowerBound..<response.lowerBound
        }
        return (response.lowerBound + output.lowerBound)..<(response.lowerBound + output.upperBound)
    }

    private static func edits(in text: Span<UInt8>, _ patterns: GuardPatterns) -> [SecretFinder.Edit] {
        var edits: [SecretFinder.Edit] = []
        var scanner = SecretScanner()
        while true {
            switch scanner.next(in: text, isFinal: true, patterns: patterns) {
            case .found(let finding):
                edits.append(SecretFinder.Edit(range: finding.start..<finding.end, kind: finding.kind))
            case .more(let range): edits.append(SecretFinder.Edit(range: range, kind: nil))
            case .settled: return edits
            }
        }
    }

    /// The recursion is bounded by ``JSONDocument/maxDepth``.
    private static func count(_ node: JSONNode, _ patterns: GuardPatterns, into counts: inout [GuardKind: Int]) {
        switch node.kind {
        case .string: if let text = node.string { count(edits(in: text.utf8.span, patterns), into: &counts) }
        case .array: for element in node.elements { count(element, patterns, into: &counts) }
        case .object: for member in node.members { count(member.value, patterns, into: &counts) }
        default: break
        }
    }

    private static func count(_ edits: [SecretFinder.Edit], into counts: inout [GuardKind: Int]) {
        for edit in edits { if let kind = edit.kind { counts[kind, default: 0] += 1 } }
    }
}
