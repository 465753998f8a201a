internal import Base
internal import JSON

/// What a client's JSON schema would cost as a grammar, judged before it becomes one. The grammar's own code recurses
/// and multiplies without bounds of its own; what is let through here stays small there.
///
/// A reference counts as much as what it refers to, wherever it stands, because that is how often the grammar's code
/// visits it; a reference back to what contains it (a tree's children, say) counts once.
struct SchemaCost {
    static let maxNodes = 20_000
    /// Members of one object: what they cost grows with their third power.
    static let maxProperties = 256
    /// Characters that a pattern can stand for, its repetitions multiplied out.
    static let maxPattern = 2000

    private enum Progress {
        case counting
        case counted(Int)
    }

    private let root: JSONNode
    private var references: [String: Progress] = [:]

    private init(_ root: JSONNode) { self.root = root }

    /// - Throws: `invalid_value` with a sentence for what the model cannot follow.
    static func check(_ schema: String) throws(CodedError) {
        let root: JSONNode
        do throws(JSONError) { root = try JSONDocument(schema).root } catch { throw refusal("it is \(error.message)") }
        var cost = SchemaCost(root)
        guard try cost.nodes(of: root) <= maxNodes else { throw refusal("it is too large, its references followed") }
        try cost.checkEmptyLoops()
    }

    private static func refusal(_ why: String) -> CodedError {
        CodedError(.invalidValue, "The model cannot follow this schema: \(why).", param: "response_format")
    }

    /// Its recursion is bounded by the document's depth times the number of references, each of which is open once.
    private mutating func nodes(of node: JSONNode) throws(CodedError) -> Int {
        var total = 1
        switch node.kind {
        case .array: for element in node.elements { total = min(Self.maxNodes + 1, total + (try nodes(of: element))) }
        case .object:
            if let properties = node["properties"], properties.count > Self.maxProperties {
                throw Self.refusal("an object has more than \(Self.maxProperties) properties")
            }
            if let pattern = node["pattern"]?.string, PatternSize.of(pattern) > Self.maxPattern {
                throw Self.refusal("a pattern repeats more than \(Self.maxPattern) times")
            }
            if let name = node["$ref"]?.string { total += try nodes(ofReference: name) }
            for member in node.members where !member.key.isString("$defs") && !member.key.isString("definitions") {
                total = min(Self.maxNodes + 1, total + (try nodes(of: member.value)))
            }
        default: break
        }
        return total
    }

    private mutating func nodes(ofReference name: String) throws(CodedError) -> Int {
        switch references[name] {
        case .counting: return 1
        case .counted(let count): return count
        case nil: break
        }
        guard let target = target(of: name) else { return 1 }
        references[name] = .counting
        let count = try nodes(of: target)
        references[name] = .counted(count)
        return count
    }

    /// Looks at every reference that was followed, and whether it leads back to itself without a level of the answer
    /// between: that would be a rule that stands for itself.
    private func checkEmptyLoops() throws(CodedError) {
        var done: Set<String> = []
        for start in references.keys where !done.contains(start) {
            // Depth first, with the way here on a stack of our own.
            var way = [(name: start, next: emptySteps(from: start)[...])]
            var open: Set = [start]
            while let here = way.last {
                guard let name = way[way.count - 1].next.popFirst() else {
                    way.removeLast()
                    open.remove(here.name)
                    done.insert(here.name)
                    continue
                }
                if open.contains(name) { throw Self.refusal("'$ref' leads back to itself") }
                if done.contains(name) { continue }
                open.insert(name)
                way.append((name, emptySteps(from: name)[...]))
            }
        }
    }

    /// The references that what this one points at begins with.
    private func emptySteps(from name: String) -> [String] {
        var found: [String] = []
        var rest = target(of: name).map { [$0] } ?? []
        while let node = rest.popLast() {
            if let name = node["$ref"]?.string { found.append(name) }
            for key in ["allOf", "anyOf", "oneOf"] { rest += node.elements(of: key) }
        }
        return found
    }

    /// What a reference within the document points at, a JSON pointer; `nil` for any other.
    private func target(of name: String) -> JSONNode? {
        guard name.hasPrefix("#") else { return nil }
        var node = root
        for part in name.dropFirst().split(separator: "/") {
            let key = SchemaCost.unescaped(part)
            guard let next = node[key] ?? Int(key).flatMap({ node[$0] }) else { return nil }
            node = next
        }
        return node.kind == .object ? node : nil
    }

    /// A part of a JSON pointer (RFC 6901).
    private static func unescaped(_ part: Substring) -> String {
        var bytes: [UInt8] = []
        var isEscape = false
        for byte in part.utf8 {
            if isEscape {
                isEscape = false
                bytes.append(UInt8(ascii: byte == UInt8(ascii: "1") ? "/" : "~"))
            } else if byte == UInt8(ascii: "~") {
                isEscape = true
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// How many characters a regular expression can stand for, nested repetitions multiplied out. Not recursive.
enum PatternSize {
    static func of(_ pattern: String) -> Int {
        /// For each open group its size so far, and that of its last item.
        var groups: [(total: Int, last: Int)] = [(0, 0)]
        var bytes = Array(pattern.utf8)[...]
        func limited(_ size: Int) -> Int { min(size, 1 << 30) }
        func add(_ size: Int) {
            let top = groups.count - 1
            groups[top].total = limited(groups[top].total + size)
            groups[top].last = size
        }
        func repeatLast(_ times: Int) {
            let top = groups.count - 1
            let last = groups[top].last
            let (size, overflow) = last.multipliedReportingOverflow(by: max(1, times))
            groups[top].last = overflow ? 1 << 30 : limited(size)
            groups[top].total = limited(groups[top].total - last + groups[top].last)
        }
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                _ = bytes.popFirst()
                add(1)
            case UInt8(ascii: "["):
                var isFirst = true
                while let inner = bytes.popFirst(), inner != UInt8(ascii: "]") || isFirst {
                    if inner == UInt8(ascii: "\\") { _ = bytes.popFirst() }
                    isFirst = false
                }
                add(1)
            case UInt8(ascii: "("): groups.append((0, 0))
            case UInt8(ascii: ")"):
                guard groups.count > 1, let group = groups.popLast() else { continue }
                add(max(1, group.total))
            case UInt8(ascii: "{"):
                let digits = bytes.prefix { $0 != UInt8(ascii: "}") }
                bytes = bytes.dropFirst(digits.count + 1)
                let bounds = digits.split(separator: UInt8(ascii: ","))
                let most = bounds.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
                repeatLast(most.max() ?? 1)
            default: add(1)
            }
        }
        return groups.reduce(0) { limited($0 + $1.total) }
    }
}
