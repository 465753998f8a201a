internal import Base
internal import JSON

/// The places within a schema, as a tree that grows where it is walked. It knows the way to a place for errors, and
/// leads along JSON pointers without searching an object twice.
struct SchemaPlaces {
    struct Place {
        let node: JSONNode
        let parent: Int
        let token: SchemaKey
        let depth: Int
        /// The innermost schema with an `$id` of its own around it: what `#` means here.
        let resource: Int
        /// `nil` as long as nobody has been here.
        var children: Range<Int>?
        /// The schema that was compiled from here.
        var subschema: Int?
    }

    private struct Step: Hashable {
        let parent: Int
        let token: SchemaKey
    }

    /// Room for the keywords and names of as many schemas as there may be.
    static let maxPlaces = 8 * JSONSchema.maxSubschemas
    static let maxParamBytes = 512
    static let root = 0

    private var list: [Place]
    private var steps: [Step: Int] = [:]
    private let param: String
    private let ignoresNeighbours: Bool

    /// - Parameter ignoresNeighbours: draft 7 and older, where an `$id` beside a `$ref` counts for nothing.
    init(_ root: JSONNode, param: String, ignoresNeighbours: Bool) {
        list = [Place(node: root, parent: Self.root, token: [], depth: 0, resource: Self.root)]
        self.param = param
        self.ignoresNeighbours = ignoresNeighbours
    }

    subscript(place: Int) -> Place {
        get { list[place] }
        set { list[place] = newValue }
    }

    /// The place of a member or an element; `nil` where there is none.
    mutating func child(of place: Int, _ token: SchemaKey) throws(CodedError) -> Int? {
        try children(of: place)
        return steps[Step(parent: place, token: token)]
    }

    mutating func child(of place: Int, _ token: String) throws(CodedError) -> Int? {
        try child(of: place, Array(token.utf8)[...])
    }

    /// The places of all members or elements, in order. They are made at once and stand one behind the other.
    @discardableResult
    mutating func children(of place: Int) throws(CodedError) -> Range<Int> {
        if let children = list[place].children { return children }
        let node = list[place].node
        let first = list.count
        if node.kind == .object {
            for member in node.members { try add(member.value, to: place, member.key.stringBytes ?? []) }
        } else {
            for (position, element) in node.elements.enumerated() {
                try add(element, to: place, Array(String(position).utf8)[...])
            }
        }
        list[place].children = first..<list.count
        return first..<list.count
    }

    private mutating func add(_ node: JSONNode, to parent: Int, _ token: SchemaKey) throws(CodedError) {
        guard list.count < Self.maxPlaces else { throw refusal(parent, "has too many members") }
        let child = Place(
            node: node, parent: parent, token: token, depth: list[parent].depth + 1,
            resource: isResource(node) ? list.count : list[parent].resource)
        guard child.depth <= JSONDocument.maxDepth else { throw refusal(parent, "nests too deep") }
        guard steps.updateValue(list.count, forKey: Step(parent: parent, token: token)) == nil else {
            throw refusal(parent, twice: token)
        }
        list.append(child)
    }

    /// Draft 7 spells an anchor as an `$id` that begins with `#`.
    private func isResource(_ node: JSONNode) -> Bool {
        guard let id = node["$id"]?.string, !id.hasPrefix("#") else { return false }
        return !(ignoresNeighbours && node["$ref"] != nil)
    }

    /// The path of a place, and of a keyword there, as errors show it.
    func path(of place: Int, _ keyword: String? = nil) -> String {
        var parts: [String] = []
        var here = place
        while here != Self.root {
            let (token, parent) = (SchemaText.short(list[here].token), list[here].parent)
            parts.append(list[parent].node.kind == .array ? "[\(token)]" : ".\(token)")
            here = parent
        }
        let path = param + parts.reversed().joined() + (keyword.map { ".\($0)" } ?? "")
        guard path.utf8.count > Self.maxParamBytes else { return path }
        return SchemaText.short(Array(path.utf8)[...], characters: Self.maxParamBytes / 4)
    }

    /// - Parameter what: what is wrong, as it follows on the path.
    func refusal(_ place: Int, keyword: String? = nil, _ what: String) -> CodedError {
        let path = path(of: place, keyword)
        return CodedError(.invalidValue, "'\(path)' \(what).", param: path)
    }

    func refusal(_ place: Int, twice key: SchemaKey) -> CodedError {
        refusal(place, "has the member '\(SchemaText.short(key))' twice")
    }
}
