internal import Models

/// What speaks for an answer and needs no model: pure, deterministic, bounded.
enum AnswerSignals {
    /// Of longer texts the beginning counts.
    private static let mostWords = 4096

    /// How much of each answer the others say as well, 0 to 1: the mean overlap of its words with theirs. 1 for an
    /// answer that is alone. O(words × answers).
    static func agreement(_ texts: [String]) -> [Double] {
        guard texts.count > 1 else { return texts.map { _ in 1 } }
        let each = texts.map { words($0) }
        var sums = texts.map { _ in 0.0 }
        for left in each.indices {
            for right in each.indices where right > left {
                let common = overlap(each[left], each[right])
                sums[left] += common
                sums[right] += common
            }
        }
        return sums.map { $0 / Double(texts.count - 1) }
    }

    /// 1 within the range; outside of it the less the farther.
    static func length(_ text: String, in range: ClosedRange<Int>) -> Double {
        // A text of ASCII has as many characters as bytes, but for its carriage returns.
        let count = hasSimpleCharacters(text.utf8.span) ? text.utf8.count : text.count
        if range.contains(count) { return 1 }
        return count < range.lowerBound
            ? Double(count) / Double(max(1, range.lowerBound)) : Double(range.upperBound) / Double(max(1, count))
    }

    private static func hasSimpleCharacters(_ text: Span<UInt8>) -> Bool {
        for place in text.indices where text[place] >= 0x80 || text[place] == 0x0d { return false }
        return true
    }

    /// A number for each of the text's words, whatever its case, each once and in order: the same word has the same
    /// number in all texts. O(n), for most texts in one pass over their bytes.
    static func words(_ text: String) -> [UInt64] {
        var words: [UInt64] = []
        let bytes = text.utf8.span
        words.reserveCapacity(bytes.count / 5)
        var word = WordHash()
        for place in bytes.indices {
            let byte = bytes[place]
            guard byte < 0x80 else { return wordsOfScalars(text) }
            if WordHash.isOfWord(byte) {
                word.add(byte)
            } else if let value = word.take() {
                words.append(value)
                if words.count == mostWords { break }
            }
        }
        if let value = word.take() { words.append(value) }
        return unique(words)
    }

    /// The same for any text, where words count as the same that are written with other scalars.
    static func wordsOfScalars(_ text: String) -> [UInt64] {
        let pieces = text.lowercased().unicodeScalars.split(maxSplits: mostWords) { !$0.isOfWord }
        return unique(
            pieces.prefix(mostWords).map { piece in
                let text = Substring(piece)
                var word = WordHash()
                for byte in text.utf8 where byte < 0x80 { word.add(byte) }
                if word.count == text.utf8.count, let value = word.take() { return value }
                var hasher = Hasher()
                hasher.combine(text)
                return UInt64(bitPattern: Int64(hasher.finalize()))
            })
    }

    private static func unique(_ found: [UInt64]) -> [UInt64] {
        var words = found
        words.sort()
        var count = 0
        for word in words where count == 0 || words[count - 1] != word {
            words[count] = word
            count += 1
        }
        words.removeSubrange(count...)
        return words
    }

    /// Both in order, each word once.
    private static func overlap(_ left: [UInt64], _ right: [UInt64]) -> Double {
        if left.isEmpty && right.isEmpty { return 1 }
        var (common, place, other) = (0, 0, 0)
        while place < left.count, other < right.count {
            if left[place] == right[other] {
                common += 1
                place += 1
                other += 1
            } else if left[place] < right[other] {
                place += 1
            } else {
                other += 1
            }
        }
        return Double(common) / Double(left.count + right.count - common)
    }
}

/// FNV-1a over the letters and digits of one word: a step a byte, which is all that words of an answer need.
private struct WordHash {
    private static let start: UInt64 = 0xcbf2_9ce4_8422_2325

    private var value = start
    private(set) var count = 0

    static func isOfWord(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10
    }

    /// Letters count whatever their case; digits have the bit that tells cases apart.
    mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte | 0x20)) &* 0x0000_0100_0000_01b3
        count += 1
    }

    /// `nil` where no byte has come since the last.
    mutating func take() -> UInt64? {
        if count == 0 { return nil }
        defer { self = WordHash() }
        return value
    }
}

extension Unicode.Scalar {
    /// Whether it belongs to a word: a letter, a digit, or a mark over one.
    fileprivate var isOfWord: Bool {
        switch value {
        case 0x61...0x7a, 0x41...0x5a, 0x30...0x39: return true
        case ..<0x80: return false
        default: break
        }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: return properties.isAlphabetic || properties.numericType != nil
        }
    }
}
