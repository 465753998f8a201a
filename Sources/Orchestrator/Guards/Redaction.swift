/// Puts marks into the pieces of one text, in order.
struct Redaction: Sendable {
    /// Of JSON text: where its strings are. A mark outside of them, in place of a number, becomes a string, so that the
    /// text stays JSON.
    private var strings: JSONStrings?

    init(isJSON: Bool) { strings = isJSON ? JSONStrings() : nil }

    /// - Parameters:
    ///   - edits: In order, at least all that touch the piece.
    ///   - start: The piece's place in the text.
    mutating func apply(_ edits: some Sequence<SecretFinder.Edit>, to piece: String, from start: Int) -> String {
        var output: [UInt8] = []
        var edits = edits.makeIterator()
        var edit = edits.next()
        var place = start
        for byte in piece.utf8 {
            while let over = edit, over.range.upperBound <= place { edit = edits.next() }
            if let edit, edit.range.contains(place) {
                if place == edit.range.lowerBound, let kind = edit.kind {
                    let mark = strings?.isOutside == true ? "\"\(kind.mark)\"" : kind.mark
                    output.append(contentsOf: mark.utf8)
                }
            } else {
                output.append(byte)
            }
            strings?.take(byte)
            place += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// A piece that stays as it is.
    mutating func pass(_ piece: String) {
        guard strings != nil else { return }
        for byte in piece.utf8 { strings?.take(byte) }
    }

    private struct JSONStrings: Sendable {
        private(set) var isOutside = true
        private var isEscaped = false

        mutating func take(_ byte: UInt8) {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\"") {
                isOutside.toggle()
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = !isOutside
            }
        }
    }
}
