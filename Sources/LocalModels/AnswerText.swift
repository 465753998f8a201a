/// One answer's way from tokens to text: stop strings, whole characters, and each token's log probability beside the
/// text that it became. Pure.
struct AnswerText {
    private var stops: StopMatcher
    private var tail = UTF8Tail()
    /// Tokens whose text is not out yet, with the position of their first byte.
    private var pending: [(start: Int, token: LocalToken)] = []
    private var fed = 0
    private var certain = 0

    init(stops: [String]) { self.stops = StopMatcher(stops) }

    struct Step: Equatable {
        var text: String
        var tokens: [LocalToken]
        var stopped: Bool
    }

    /// `token` is `nil` when nobody asked for log probabilities.
    mutating func feed(_ bytes: [UInt8], token: LocalToken?) -> Step {
        if let token { pending.append((fed, token)) }
        fed += bytes.count
        let step = stops.feed(bytes)
        certain += step.bytes.count
        var text = tail.feed(step.bytes)
        if step.stopped {
            text += tail.finish()
            return Step(text: text, tokens: release(before: certain), stopped: true)
        }
        return Step(text: text, tokens: text.isEmpty ? [] : release(before: certain), stopped: false)
    }

    /// What is left when the answer ends otherwise than by a stop string.
    mutating func finish() -> Step {
        let text = tail.feed(stops.finish()) + tail.finish()
        return Step(text: text, tokens: release(before: .max), stopped: false)
    }

    private mutating func release(before end: Int) -> [LocalToken] {
        let count = pending.prefix { $0.start < end }.count
        defer { pending.removeFirst(count) }
        return pending.prefix(count).map(\.token)
    }
}
