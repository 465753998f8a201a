import Base

@testable import Server

extension FuzzTarget {
    static let yaml = FuzzTarget(name: "yaml", maxInput: 16384) { YAMLCheck.finding(in: $0) }
}

/// A text is a bounded tree or a bounded list of problems in their order, and the tree written out again is read as
/// the same.
enum YAMLCheck {
    static func finding(in input: [UInt8]) -> String? {
        let (root, problems) = YAMLTree.read(input)
        if problems.count > YAMLTree.problemLimit + 1 { return "there is no end of problems" }
        if let sentence = placeFinding(problems, input) { return sentence }
        guard let root else { return nil }
        if let sentence = boundFinding(root) { return sentence }
        guard problems.isEmpty else { return nil }
        let written = Array(text(of: root).utf8)
        guard written.count <= YAMLTree.byteLimit else { return nil }
        let again = YAMLTree.read(written)
        if !again.problems.isEmpty { return "written out again it is refused: \(again.problems[0].sentence)" }
        return again.root.map(text) == text(of: root) ? nil : "written out again it is read as another"
    }

    private static func placeFinding(_ problems: [YAMLProblem], _ input: [UInt8]) -> String? {
        let scalars = String(decoding: input, as: UTF8.self).unicodeScalars
        let lines = scalars.count { ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains($0) } + 2
        for problem in problems {
            let place = problem.place
            if !(1...lines).contains(place.line) || !(1...input.count + 2).contains(place.column) {
                return "a problem stands in line \(place.line), column \(place.column), where there is no text"
            }
        }
        return nil
    }

    /// Walks the tree with a stack of its own.
    static func boundFinding(_ root: YAMLNode) -> String? {
        var open = [(node: root, depth: 1)]
        var nodes = 0
        while let (node, depth) = open.popLast() {
            nodes += 1
            if depth > YAMLTree.depthLimit + 1 { return "the tree is deeper than it may be" }
            switch node.value {
            case .scalar: break
            case .list(let items): open += items.map { ($0, depth + 1) }
            case .map(let entries): open += entries.map { ($0.node, depth + 1) }
            }
        }
        return nodes > YAMLTree.nodeLimit ? "the tree has more values than it may" : nil
    }

    /// The tree in one line. Its recursion is bounded by `YAMLTree.depthLimit`.
    private static func text(of node: YAMLNode) -> String {
        switch node.value {
        case .scalar(let text, let quoted): node.isNull && !quoted ? "~" : YAMLText.scalar(text)
        case .list(let items): "[\(items.map(text).joined(separator: ", "))]"
        case .map(let entries):
            "{\(entries.map { "\(key($0.key)): \(text(of: $0.node))" }.joined(separator: ", "))}"
        }
    }

    /// A key of over 1,024 characters is read as one only behind a question mark.
    private static func key(_ text: String) -> String {
        let written = YAMLText.scalar(text)
        return written.unicodeScalars.count < 1024 ? written : "? \(written) "
    }
}
