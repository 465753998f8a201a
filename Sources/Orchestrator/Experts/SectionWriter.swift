/// Puts several texts one behind the other, in a fixed order, while they come about at the same time: what comes out of
/// their turn is held until those before it are over. A pure machine; in the end it has written the same, however the
/// texts came.
///
/// What it holds is a copy of texts that are kept anyway, each bounded by the longest answer of an expert.
struct SectionWriter: Sendable {
    private struct Section: Sendable {
        var title: String
        /// Not yet written.
        var held = ""
        /// Written, its title left out.
        var written = ""
        var isOver = false
    }

    private var sections: [Section]
    private let places: [String: Int]
    private let separator: String
    private var current = 0
    private var hasWritten = false

    /// In the order of the names. `titled` puts each name over its text.
    init(names: [String], separator: String, titled: Bool) {
        sections = names.map { Section(title: titled ? "## \($0)\n\n" : "") }
        places = Dictionary(zip(names, 0...), uniquingKeysWith: { first, _ in first })
        self.separator = separator
    }

    /// A piece of a text: what may be shown now.
    mutating func add(_ text: String, to name: String) -> String {
        guard let place = places[name], !sections[place].isOver else { return "" }
        sections[place].held += text
        return place == current ? release() : ""
    }

    /// A text is over: what may be shown now.
    mutating func end(_ name: String) -> String {
        guard let place = places[name] else { return "" }
        sections[place].isOver = true
        return place == current ? release() : ""
    }

    /// What was written of a text that will not be finished. What of it is held is dropped, and another text may take
    /// its place where nothing was written.
    mutating func breakOff(_ name: String) -> String {
        guard let place = places[name] else { return "" }
        sections[place].held = ""
        return sections[place].written
    }

    private mutating func release() -> String {
        var output = ""
        while current < sections.count {
            let piece = sections[current].held
            if !piece.isEmpty {
                if sections[current].written.isEmpty {
                    output += (hasWritten ? separator : "") + sections[current].title
                }
                output += piece
                sections[current].written += piece
                sections[current].held = ""
                hasWritten = true
            }
            guard sections[current].isOver else { break }
            sections[current].written = ""
            current += 1
        }
        return output
    }
}
