/// Puts answers that come in any order back into the order of their questions. A pure state machine; holds as many as
/// are ahead of the first one that is missing, which whoever asks bounds.
struct BulkOrder: Sendable {
    private var next: Int
    private var waiting: [Int: [UInt8]] = [:]

    /// - Parameter first: The number of the first question.
    init(first: Int) { next = first }

    /// Answers that wait for one before them.
    var held: Int { waiting.count }

    /// Takes the answer to a question; gives those whose turn has come, in order.
    mutating func take(_ number: Int, _ answer: [UInt8]) -> [[UInt8]] {
        guard number >= next, waiting[number] == nil else { return [] }
        waiting[number] = answer
        var ready: [[UInt8]] = []
        while let answer = waiting.removeValue(forKey: next) {
            ready.append(answer)
            next += 1
        }
        return ready
    }
}
