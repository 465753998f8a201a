/// A place in a YAML text, counted from one; columns count characters.
struct YAMLPlace: Equatable, Comparable, Sendable {
    var line: Int
    var column: Int

    static func < (left: YAMLPlace, right: YAMLPlace) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Why a text is not a YAML that a configuration may be written in. The sentence quotes nothing of the text.
struct YAMLProblem: Error, Equatable {
    var place: YAMLPlace
    var sentence: String
}

/// One value of a YAML text and where it stands. At most `YAMLTree.depthLimit` deep.
struct YAMLNode: Equatable, Sendable {
    enum Value: Equatable, Sendable {
        /// `quoted` also for block scalars: everything that is text whatever it looks like.
        case scalar(text: String, quoted: Bool)
        case list([YAMLNode])
        case map([Entry])
    }

    /// One key of a map with its value, in the order of the text.
    struct Entry: Equatable, Sendable {
        var key: String
        var place: YAMLPlace
        var node: YAMLNode
    }

    var place: YAMLPlace
    var value: Value

    /// Nothing written, or YAML's ways to write nothing.
    var isNull: Bool {
        guard case .scalar(let text, quoted: false) = value else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }
}
