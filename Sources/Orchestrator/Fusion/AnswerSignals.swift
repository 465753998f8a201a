internal import Models

/// What speaks for an answer and needs no model: pure, deterministic, bounded.
enum AnswerSignals {
    /// Of longer texts the beginning counts.
    private static let mostWords = 4096

    /// How much of each answer the others say as well, 0 to 1: the mean overlap of its words with theirs. 1 for an
    /// answer that is alone. O(words × answers).
    static func agreement(_ texts: [String]) -> [Double] {
        let words = texts.map(words)
        return words.indices.map { place in
            let others = words.indices.filter { $0 != place }
            if others.isEmpty { return 1 }
            return others.reduce(0.0) { $0 + overlap(words[place], words[$1]) } / Double(others.count)
        }
    }

    /// 1 within the range; outside of it the less the farther.
    static func length(_ text: String, in range: ClosedRange<Int>) -> Double {
        let count = text.count
        if range.contains(count) { return 1 }
        return count < range.lowerBound
            ? Double(count) / Double(max(1, range.lowerBound)) : Double(range.upperBound) / Double(max(1, count))
    }

    private static func words(_ text: String) -> Set<Substring> {
        // A word of one letter says little, but a number does not.
        let pieces = text.lowercased().split(maxSplits: mostWords) { !$0.isLetter && !$0.isNumber }
        return Set(pieces.prefix(mostWords))
    }

    private static func overlap(_ left: Set<Substring>, _ right: Set<Substring>) -> Double {
        if left.isEmpty && right.isEmpty { return 1 }
        let common = left.intersection(right).count
        return Double(common) / Double(left.count + right.count - common)
    }
}
