/// Puts answers that come in any order back into the order of their questions. A pure state machine; holds as many as
/// are ahead of the first one that is missing, which whoever asks bounds.
struct BulkOrder: Sendable {
    /// All up to it are given, or were before.
    private var last: Int
    private var waiting: [Int: [UInt8]] = [:]

    /// - Parameter after: The number of the question before the first.
    init(after last: Int) { self.last = last }

    /// Answers that wait for one before them.
    var held: Int { waiting.count }

    /// Takes the answer to a question; gives those whose turn has come, in order.
    mutating func take(_ number: Int, _ answer: [UInt8]) -> [[UInt8]] {
        guard number > last, waiting[number] == nil else { return [] }
        waiting[number] = answer
        var ready: [[UInt8]] = []
        // What waits has a greater number, so that there is a next one.
        while !waiting.isEmpty, let answer = waiting.removeValue(forKey: last + 1) {
            ready.append(answer)
            last += 1
        }
        return ready
    }
}
