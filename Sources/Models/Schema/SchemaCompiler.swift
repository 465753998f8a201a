internal import Base
internal import JSON

/// Makes rules of a schema's keywords. Every schema within it becomes one entry of a list, however often it is
/// referred to; the recursion is bounded by the document's depth.
struct SchemaCompiler {
    struct Anchor: Hashable {
        let resource: Int
        let name: SchemaKey
    }

    var places: SchemaPlaces
    var subschemas: [Subschema] = []
    /// Where each was compiled from.
    var origins: [Int] = []
    var pending: [PendingReference] = []
    var anchors: [Anchor: Int] = [:]
    /// Draft 7 and older: what stands beside a `$ref` counts for nothing.
    let ignoresNeighbours: Bool
    let patterns: JSONSchema.PatternCompiler?

    static func compile(
        _ root: JSONNode, param: String, patterns: JSONSchema.PatternCompiler?
    ) throws(CodedError) -> [Subschema] {
        let dialect = root["$schema"]?.string ?? ""
        let ignoresNeighbours = ["draft-07", "draft-06", "draft-04", "draft-03"].contains { dialect.contains($0) }
        var compiler = SchemaCompiler(
            places: SchemaPlaces(root, param: param, ignoresNeighbours: ignoresNeighbours),
            ignoresNeighbours: ignoresNeighbours, patterns: patterns)
        _ = try compiler.subschema(at: SchemaPlaces.root)
        try compiler.resolveReferences()
        try compiler.refuseLoops()
        return compiler.subschemas
    }

    init(places: SchemaPlaces, ignoresNeighbours: Bool, patterns: JSONSchema.PatternCompiler?) {
        self.places = places
        self.ignoresNeighbours = ignoresNeighbours
        self.patterns = patterns
    }

    /// The number of the schema at a place, which is compiled if it has not been.
    mutating func subschema(at place: Int) throws(CodedError) -> Int {
        if let id = places[place].subschema { return id }
        let id = subschemas.count
        guard id < JSONSchema.maxSubschemas else {
            throw places.refusal(place, "is one schema too many: at most \(JSONSchema.maxSubschemas) are followed")
        }
        places[place].subschema = id
        subschemas.append(Subschema())
        origins.append(place)
        let node = places[place].node
        switch node.kind {
        case .bool: if node.bool == false { subschemas[id].rules = [.never] }
        case .object:
            if let key = node.duplicateKey { throw places.refusal(place, twice: Array(key.utf8)[...]) }
            var keywords = SchemaKeywords(place: place, id: id, fields: node.fields)
            try compile(&keywords)
            subschemas[id].rules = keywords.rules
            subschemas[id].seesUnevaluated = keywords.seesUnevaluated
        default: throw places.refusal(place, "must be a schema: an object, true or false")
        }
        return id
    }

    private mutating func compile(_ keywords: inout SchemaKeywords) throws(CodedError) {
        try compileNames(keywords)
        try compileReference(&keywords)
        if ignoresNeighbours, keywords.fields["$ref"] != nil { return }
        try compileTypes(&keywords)
        try compileNumbers(&keywords)
        try compileTexts(&keywords)
        try compileArrays(&keywords)
        try compileObjects(&keywords)
        try compileDependencies(&keywords)
        try compileCombinations(&keywords)
        try compileUnevaluated(&keywords)
    }

    /// Refuses references that lead back to themselves on the same value: checking would never end. Depth first, the
    /// way here on a stack of our own.
    private func refuseLoops() throws(CodedError) {
        enum Progress { case new, open, done }
        var progress = Array(repeating: Progress.new, count: subschemas.count)
        for start in subschemas.indices where progress[start] == .new {
            var way = [(id: start, next: subschemas[start].rules.flatMap(\.inPlace)[...])]
            progress[start] = .open
            while let here = way.last {
                guard let id = way[way.count - 1].next.popFirst() else {
                    way.removeLast()
                    progress[here.id] = .done
                    continue
                }
                switch progress[id] {
                case .open:
                    throw places.refusal(
                        origins[id], "leads back to itself by '$ref' without going into the answer")
                case .new:
                    progress[id] = .open
                    way.append((id, subschemas[id].rules.flatMap(\.inPlace)[...]))
                case .done: break
                }
            }
        }
    }
}

/// The keywords of one schema while they become rules.
struct SchemaKeywords {
    let place: Int
    let id: Int
    let fields: JSONFields
    var rules: [SchemaRule] = []
    var seesUnevaluated = false
}
