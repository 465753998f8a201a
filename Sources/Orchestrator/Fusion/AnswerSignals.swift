internal import Models

/// What speaks for an answer and needs no model: pure, deterministic, bounded.
enum AnswerSignals {
    /// Of longer texts the beginning counts.
    private static let mostWords = 4096

    /// How much of each answer the others say as well, 0 to 1: the mean overlap of its words with theirs. 1 for an
    /// answer that is alone. O(words × answers).
    static func agreement(_ texts: [String]) -> [Double] {
        guard texts.count > 1 else { return texts.map { _ in 1 } }
        var numbers: [Substring: Int] = [:]
        let each = texts.map { words($0, &numbers) }
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
        let count = text.count
        if range.contains(count) { return 1 }
        return count < range.lowerBound
            ? Double(count) / Double(max(1, range.lowerBound)) : Double(range.upperBound) / Double(max(1, count))
    }

    /// The text's words as numbers, each once and in order; the same word has the same number in all texts, so that each
    /// is hashed once and not for every pair of them.
    private static func words(_ text: String, _ numbers: inout [Substring: Int]) -> [Int] {
        let pieces = text.lowercased().unicodeScalars.split(maxSplits: mostWords) { !$0.isOfWord }
        var words: [Int] = []
        words.reserveCapacity(pieces.count)
        for piece in pieces.prefix(mostWords) {
            let word = Substring(piece)
            if let known = numbers[word] {
                words.append(known)
            } else {
                words.append(numbers.count)
                numbers[word] = numbers.count
            }
        }
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
    private static func overlap(_ left: [Int], _ right: [Int]) -> Double {
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
