import JSON

/// An answer, in no dialect's form: a text, or calls of tools, in the pieces in which a model says it.
struct Reply {
    enum Piece {
        case text(String)
        /// The position of a call, and a piece of its arguments.
        case arguments(Int, String)
    }

    let pieces: [Piece]
    /// The names of its calls.
    var calls: [String] = []

    var content: String {
        pieces.reduce(into: "") { content, piece in
            switch piece {
            case .text(let text): content += text
            case .arguments(_, let text): content += text
            }
        }
    }

    /// Of one call.
    func arguments(of position: Int) -> String {
        pieces.reduce(into: "") { text, piece in
            if case .arguments(position, let more) = piece { text += more }
        }
    }

    static let text = Reply(pieces: cut(Prose.text(10_000), into: 500).map { .text($0) })

    /// Four calls of 125 pieces each.
    static let tools = Reply(
        pieces: (0..<4).flatMap { call in
            let input: JSON = ["path": "README.md", "lines": [1, 20, 300], "text": .string(Prose.text(900))]
            return cut(String(decoding: input.bytes, as: UTF8.self), into: 125).map { Piece.arguments(call, $0) }
        },
        calls: ["write_file", "write_file", "run_command", "ask"])

    /// Exactly so many pieces, of changing lengths, as tokens have them.
    private static func cut(_ text: String, into count: Int) -> [String] {
        var rest = Array(text)[...]
        var pieces: [String] = []
        let even = Double(rest.count) / Double(count)
        for index in 1..<count {
            let end = Int(even * Double(index)) - [0, 3, 1, 4, 2][index % 5] * Int(even) / 6
            let length = end - (text.count - rest.count)
            pieces.append(String(rest.prefix(max(1, length))))
            rest = rest.dropFirst(max(1, length))
        }
        return pieces + [String(rest)]
    }
}
