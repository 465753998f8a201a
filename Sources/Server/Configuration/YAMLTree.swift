/// Reads a YAML text into a tree: the plain part of YAML only. Anchors, aliases, tags, merge keys, several documents
/// and duplicate keys are refused, so that a small text cannot become a large tree and every value stands where it is
/// written. Built with a stack of its own: no depth of the text can exhaust the thread's. `${NAME}` may stand anywhere
/// in a value, also inside `{ … }`.
struct YAMLTree {
    static let byteLimit = 256 << 10
    static let depthLimit = 64
    static let nodeLimit = 10_000
    static let problemLimit = 20

    /// A list or map whose end has not been read yet.
    private struct Open {
        var place: YAMLPlace
        var isMap: Bool
        var items: [YAMLNode] = []
        var entries: [YAMLNode.Entry] = []
        var keys: Set<String> = []
        /// The key read last, whose value comes next; `nil` where a key comes next.
        var key: (text: String, place: YAMLPlace)?
    }

    private var open: [Open] = []
    private var root: YAMLNode?
    private var nodes = 0
    private var documents = 0
    private var problems: [YAMLProblem] = []

    /// The tree and every problem in the order of the text. The tree is `nil` for an empty text and where reading had
    /// to stop; with other problems it is there to look for more of them, and for nothing else. O(bytes).
    static func read(_ text: [UInt8]) -> (root: YAMLNode?, problems: [YAMLProblem]) {
        guard text.count <= byteLimit else {
            let place = YAMLPlace(line: 1, column: 1)
            return (nil, [YAMLProblem(place: place, sentence: "The file is over the limit of 256 KB.")])
        }
        var tree = YAMLTree()
        do throws(YAMLProblem) {
            guard var events = YAMLEventReader(VariableReference.shield(text)) else {
                throw YAMLProblem(place: YAMLPlace(line: 1, column: 1), sentence: "There is no memory to read it.")
            }
            while try tree.take(events.next()) {}
        } catch {
            return (nil, tree.problems + [error])
        }
        return (tree.root, tree.problems)
    }

    /// Takes one event; false at the end of the stream. Throws where reading on would make no sense.
    private mutating func take(_ event: YAMLEvent) throws(YAMLProblem) -> Bool {
        if event.hasAnchor { try note("Anchors (&name) are not supported; write the value out.", event.place) }
        if event.hasTag { try note("Tags (!name) are not supported; quote the value if it is text.", event.place) }
        switch event.kind {
        case .streamEnd: return false
        case .other: break
        case .documentStart(let directives): try beginDocument(event.place, directives: directives)
        case .alias:
            try note("Aliases (*name) are not supported; write the value out.", event.place)
            try add(.scalar(text: "", quoted: true), at: event.place, isAlias: true)
        case .scalar(let text, let quoted):
            try add(.scalar(text: VariableReference.unshield(text), quoted: quoted), at: event.place)
        case .listStart: try begin(isMap: false, event.place)
        case .mapStart: try begin(isMap: true, event.place)
        case .listEnd: if let list = open.popLast() { try close(.list(list.items), at: list.place) }
        case .mapEnd: if let map = open.popLast() { try close(.map(map.entries), at: map.place) }
        }
        return true
    }

    private mutating func beginDocument(_ place: YAMLPlace, directives: Bool) throws(YAMLProblem) {
        documents += 1
        if documents > 1 { throw YAMLProblem(place: place, sentence: "Only one document may be in the file.") }
        if directives { try note("Directives (%TAG) are not supported.", place) }
    }

    private mutating func begin(isMap: Bool, _ place: YAMLPlace) throws(YAMLProblem) {
        guard open.count < Self.depthLimit else {
            throw YAMLProblem(place: place, sentence: "Nested deeper than \(Self.depthLimit) levels.")
        }
        try count(place)
        if let parent = open.last, parent.isMap, parent.key == nil {
            throw YAMLProblem(place: place, sentence: "A key must be a single word, not a list or a map.")
        }
        open.append(Open(place: place, isMap: isMap))
    }

    private mutating func add(
        _ value: YAMLNode.Value,
        at place: YAMLPlace,
        isAlias: Bool = false
    ) throws(YAMLProblem) {
        try count(place)
        if case .scalar(let text, let quoted) = value, let last = open.indices.last, open[last].isMap,
            open[last].key == nil
        {
            if !isAlias { try check(key: text, quoted: quoted, in: last, at: place) }
            open[last].key = (text, place)
        } else {
            try close(value, at: place)
        }
    }

    private mutating func check(
        key: String,
        quoted: Bool,
        in map: Int,
        at place: YAMLPlace
    ) throws(YAMLProblem) {
        if key.isEmpty { try note("A key must not be empty.", place) }
        if key == "<<", !quoted { try note("Merge keys (<<) are not supported; write the values out.", place) }
        if !open[map].keys.insert(key).inserted {
            let first = open[map].entries.first { $0.key == key }
            let line = first.map { " The first is in line \($0.place.line)." } ?? ""
            try note("This key is here twice.\(line)", place)
        }
    }

    /// Puts a whole value into what is open, or makes it the root.
    private mutating func close(_ value: YAMLNode.Value, at place: YAMLPlace) throws(YAMLProblem) {
        let node = YAMLNode(place: place, value: value)
        guard let last = open.indices.last else { return root = node }
        if !open[last].isMap {
            open[last].items.append(node)
        } else if let key = open[last].key {
            open[last].entries.append(YAMLNode.Entry(key: key.text, place: key.place, node: node))
            open[last].key = nil
        }
    }

    private mutating func count(_ place: YAMLPlace) throws(YAMLProblem) {
        nodes += 1
        if nodes > Self.nodeLimit {
            throw YAMLProblem(place: place, sentence: "The file has more than \(Self.nodeLimit) values.")
        }
    }

    private mutating func note(_ sentence: String, _ place: YAMLPlace) throws(YAMLProblem) {
        guard problems.count < Self.problemLimit else {
            throw YAMLProblem(place: place, sentence: "There are more problems from here on.")
        }
        problems.append(YAMLProblem(place: place, sentence: sentence))
    }
}
