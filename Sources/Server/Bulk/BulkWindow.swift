/// Decides which lines of a bulk request are begun, and puts their answers in order. As many are at work, wait or are held
/// at once as the request asks for. Lines that name one conversation go one after the other, in the order in which they
/// are there: each is to be answered in the light of those before it. A pure state machine.
struct BulkWindow<Line> {
    /// What follows when a line has its answer.
    struct Step {
        /// Answers whose turn has come.
        var ready: [[UInt8]] = []
        /// A line that may begin now.
        var next: Line?
    }

    private struct Waiting {
        let number: Int
        let line: Line
    }

    private let parallel: Int
    private var order: BulkOrder
    private var running = 0
    private var waitingCount = 0
    private var isStopped = false
    /// Those that wait, by the conversations in which one is at work.
    private var waiting: [String: [Waiting]] = [:]

    /// - Parameter after: The number of the line before the first.
    init(parallel: Int, after: Int) {
        self.parallel = parallel
        order = BulkOrder(after: after)
    }

    /// Whether another line may be read.
    var hasRoom: Bool { running + waitingCount + order.held < parallel }

    /// Whether no line is at work.
    var isIdle: Bool { running == 0 }

    /// Whether a line was read that has not begun.
    var hasWaiting: Bool { waitingCount > 0 }

    /// Takes the next line; gives it back when it may begin.
    mutating func take(_ line: Line, number: Int, of conversation: String?) -> Line? {
        if let conversation {
            guard waiting[conversation] == nil else {
                waiting[conversation]?.append(Waiting(number: number, line: line))
                waitingCount += 1
                return nil
            }
            waiting[conversation] = []
        }
        running += 1
        return line
    }

    /// A line that had begun has its answer.
    mutating func end(_ number: Int, of conversation: String?, _ answer: [UInt8]) -> Step {
        running -= 1
        var step = Step(ready: order.take(number, answer))
        guard let conversation, let line = waiting[conversation] else { return step }
        guard let first = line.first, !isStopped else {
            if line.isEmpty { waiting[conversation] = nil }
            return step
        }
        waiting[conversation]?.removeFirst()
        waitingCount -= 1
        running += 1
        step.next = first.line
        return step
    }

    /// From now on none begins of those that wait.
    mutating func stop() { isStopped = true }

    /// None of those that wait will begin: each has this for its answer. Gives those whose turn has come.
    mutating func refuseWaiting(_ answer: (Line) -> [UInt8]) -> [[UInt8]] {
        var ready: [[UInt8]] = []
        for conversation in waiting.keys {
            for one in waiting.updateValue([], forKey: conversation) ?? [] {
                ready += order.take(one.number, answer(one.line))
            }
        }
        waitingCount = 0
        return ready
    }
}
