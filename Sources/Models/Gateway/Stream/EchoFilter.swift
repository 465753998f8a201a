/// Leaves out of a continuation what has been shown before it: the beginning that the model was given, where it says
/// that first, and white space, which is at the end of the shown text already. Texts are compared byte by byte. A pure
/// state machine.
struct EchoFilter: Sendable {
    /// What the continuation may begin with, as far as that is still possible.
    private var echoes: [[UInt8]]
    /// What has come so far, while it may be an echo.
    private var held = ""
    /// What is left of the white space.
    private var tail: Substring.UnicodeScalarView

    /// A shorter text may well be said twice.
    static let leastEcho = 16

    /// - Parameters:
    ///   - shown: The text that is continued.
    ///   - before: What the client had said of the answer itself; the model may repeat that too.
    init(shown: String, before: String = "") {
        let (begin, tail) = Self.split(shown)
        let isTelling = begin.count >= Self.leastEcho
        echoes = isTelling ? (before.isEmpty ? [""] : [before, ""]).map { Array(($0 + begin).utf8) } : []
        self.tail = tail.unicodeScalars
    }

    /// The text up to the white space at its end, and that.
    static func split(_ text: String) -> (begin: Substring, tail: Substring) {
        let end = text.lastIndex { !$0.isWhitespace }.map { text.index(after: $0) } ?? text.startIndex
        return (text[..<end], text[end...])
    }

    /// What may be shown now that this piece has come.
    mutating func take(_ piece: String) -> String {
        guard !echoes.isEmpty else { return withoutTail(piece) }
        let start = held.utf8.count
        held += piece
        echoes.removeAll { echo in
            start < echo.count && !zip(echo[start...], piece.utf8).allSatisfy { $0 == $1 }
        }
        let end = held.utf8.count
        guard let whole = echoes.first(where: { $0.count <= end }) else {
            return echoes.isEmpty ? release() : ""
        }
        let rest = String(Substring(held.utf8.dropFirst(whole.count)))
        echoes = []
        held = ""
        return withoutTail(rest)
    }

    /// The text is over, so that what is held back is no echo: there is more of that.
    mutating func release() -> String {
        let text = held
        echoes = []
        held = ""
        return withoutTail(text)
    }

    private mutating func withoutTail(_ piece: String) -> String {
        guard !tail.isEmpty, !piece.isEmpty else { return piece }
        var rest = piece[...].unicodeScalars
        while let next = tail.first, rest.first == next {
            tail.removeFirst()
            rest.removeFirst()
        }
        if !rest.isEmpty { tail = Substring().unicodeScalars }
        return String(rest)
    }
}
