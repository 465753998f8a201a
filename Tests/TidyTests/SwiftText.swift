/// Swift source with everything that is not code blanked out, so that rules can look for words without being misled by
/// comments and strings. Line breaks stay, so lines keep their numbers. Regular expression literals count as code.
struct SwiftText {
    /// The source, with comments and the contents of strings replaced by spaces; code inside interpolations stays.
    private(set) var code: [UInt8]
    /// The lines, counted from 1, that a comment touches.
    private(set) var commentedLines: Set<Int> = []

    private enum Frame {
        /// Code, within an interpolation or at the top; counts the parentheses open in it.
        case code(open: Int)
        case string(hashes: Int, quotes: Int)
    }

    private let source: [UInt8]
    private var index = 0
    private var line = 1
    private var frames = [Frame.code(open: 0)]

    init(_ text: String) {
        source = Array(text.utf8)
        code = source
        while index < source.count {
            switch frames.last {
            case .code(let open): stepInCode(open: open)
            case .string(let hashes, let quotes): stepInString(hashes: hashes, quotes: quotes)
            case nil: return
            }
        }
    }

    private mutating func stepInCode(open: Int) {
        if begins("//") {
            blank { $0.source[$0.index] != UInt8(ascii: "\n") }
        } else if begins("/*") {
            blankBlockComment()
        } else if let (hashes, quotes) = stringStart() {
            skip(hashes + quotes)
            frames.append(.string(hashes: hashes, quotes: quotes))
        } else if begins("(") {
            frames[frames.count - 1] = .code(open: open + 1)
            skip(1)
        } else if begins(")") {
            if open == 0, frames.count > 1 {
                frames.removeLast()
            } else {
                frames[frames.count - 1] = .code(open: max(0, open - 1))
            }
            skip(1)
        } else {
            skip(1)
        }
    }

    private mutating func stepInString(hashes: Int, quotes: Int) {
        let marks = String(repeating: "#", count: hashes)
        if begins("\\" + marks) {
            blankBytes(1 + hashes)
            if begins("(") {
                skip(1)
                frames.append(.code(open: 0))
            } else {
                blankBytes(1)
            }
        } else if begins(String(repeating: "\"", count: quotes) + marks) || quotes == 1 && begins("\n") {
            // A string of one line that has no end is not Swift; going on with the next line keeps the rest readable.
            skip(begins("\n") ? 1 : quotes + hashes)
            frames.removeLast()
        } else {
            blankBytes(1)
        }
    }

    private func stringStart() -> (hashes: Int, quotes: Int)? {
        var place = index
        while place < source.count, source[place] == UInt8(ascii: "#") { place += 1 }
        var quotes = 0
        while place + quotes < source.count, quotes < 3, source[place + quotes] == UInt8(ascii: "\"") { quotes += 1 }
        return quotes == 0 ? nil : (place - index, quotes == 3 ? 3 : 1)
    }

    private mutating func blankBlockComment() {
        var depth = 0
        repeat {
            commentedLines.insert(line)
            let step = begins("/*") ? 1 : begins("*/") ? -1 : 0
            depth += step
            blankBytes(step == 0 ? 1 : 2)
        } while depth > 0 && index < source.count
    }

    private mutating func blank(while condition: (SwiftText) -> Bool) {
        commentedLines.insert(line)
        while index < source.count, condition(self) { blankBytes(1) }
    }

    private func begins(_ text: String) -> Bool {
        let wanted = text.utf8
        return index + wanted.count <= source.count && source[index..<(index + wanted.count)].elementsEqual(wanted)
    }

    private mutating func skip(_ count: Int) {
        for _ in 0..<count where index < source.count {
            if source[index] == UInt8(ascii: "\n") { line += 1 }
            index += 1
        }
    }

    private mutating func blankBytes(_ count: Int) {
        for _ in 0..<count where index < source.count {
            if source[index] != UInt8(ascii: "\n") { code[index] = UInt8(ascii: " ") }
            skip(1)
        }
    }
}
