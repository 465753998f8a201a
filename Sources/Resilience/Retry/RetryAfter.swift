public import Base

/// What a provider's headers say about when to ask again, and how much it still takes: `Retry-After` (seconds or a
/// date), `retry-after-ms`, and the counts of `x-ratelimit-*` (OpenAI, Groq, Azure), `anthropic-ratelimit-*` and
/// `ratelimit-*`. What makes no sense counts as not said; what is too long is cut to a day.
///
/// Pure, O(headers), without allocation. Names in any case.
public struct RetryAfter: Sendable {
    private static let longest = PolicyReview.longest

    /// What a provider counts.
    private enum Kind: Int {
        case requests, unnamed, tokens, inputTokens, outputTokens
    }

    private struct Count {
        var remaining: Double?
        /// In seconds, more than 0.
        var reset: Double?
    }

    private var seconds: Duration?
    private var milliseconds: Duration?
    /// By kind.
    private var counts = InlineArray<5, Count>(repeating: Count())

    private let wall: WallTime

    /// Knows nothing yet.
    /// - Parameter wall: The present time, for dates.
    public init(wall: WallTime) { self.wall = wall }

    /// Reads all headers of an answer.
    @inlinable
    public init(_ headers: some Sequence<(name: String, value: String)>, wall: WallTime) {
        self.init(wall: wall)
        for (name, value) in headers { read(name, value) }
    }

    /// How long the provider asks to wait; zero for "now", or a date that has passed. Of several words the longest.
    /// Providers that have milliseconds send both, and round the seconds.
    public var asked: Duration? { milliseconds ?? seconds }

    /// How long to wait after a rate limit (429): ``asked``; without a word the longest reset of what is used up, else
    /// of what no count is known of. `nil` when nothing tells.
    public var wait: Duration? {
        asked ?? RetryAfter.time(longestReset { $0 == 0 } ?? longestReset { $0 == nil })
    }

    /// For ``Cooldown/note(remaining:reset:now:)``: how many more calls the provider takes, and in how many seconds its
    /// count begins anew. No more calls when anything is used up: tokens count as well.
    public var count: (remaining: Double, reset: Double)? {
        if let reset = longestReset(where: { $0 == 0 }) { return (0, reset) }
        return count(of: .requests) ?? count(of: .unnamed)
    }

    private func count(of kind: Kind) -> (remaining: Double, reset: Double)? {
        let count = counts[kind.rawValue]
        guard let remaining = count.remaining, let reset = count.reset else { return nil }
        return (remaining, reset)
    }

    private func longestReset(where isMeant: (Double?) -> Bool) -> Double? {
        var longest: Double?
        for index in counts.indices where isMeant(counts[index].remaining) {
            if let reset = counts[index].reset { longest = max(longest ?? 0, reset) }
        }
        return longest
    }

    /// Reads one more header.
    public mutating func read(_ text: String, _ value: String) {
        // Most headers go with the first letter.
        guard let first = text.utf8.first else { return }
        switch first | 0x20 {
        case UInt8(ascii: "r"):
            var name = HeaderName(text)
            if name.take("retry-after") {
                readWait(name, value)
            } else if name.take("ratelimit-") {
                readCount(name, value)
            }
        case UInt8(ascii: "x"):
            var name = HeaderName(text)
            // Azure has written both.
            if name.take("x-ratelimit-") || name.take("x-rate-limit-") { readCount(name, value) }
        case UInt8(ascii: "a"):
            var name = HeaderName(text)
            guard name.take("anthropic-ratelimit-"), let kind = RetryAfter.kind(&name) else { return }
            if name.is("-remaining") { noteRemaining(value, kind) }
            if name.is("-reset") { noteReset(value, kind) }
        default: break
        }
    }

    private mutating func readWait(_ rest: HeaderName, _ value: String) {
        if rest.is("") {
            let read = HeaderTime.seconds(value) ?? HeaderTime.httpDate(value).map(secondsUntil)
            if let time = RetryAfter.time(read) { seconds = max(seconds ?? .zero, time) }
        } else if rest.is("-ms") {
            let time = RetryAfter.time(HeaderTime.seconds(value).map { $0 / 1000 })
            if let time { milliseconds = max(milliseconds ?? .zero, time) }
        }
    }

    /// `remaining-requests`, `reset-tokens`, `remaining`, `reset`.
    private mutating func readCount(_ rest: HeaderName, _ value: String) {
        var name = rest
        let isReset = name.take("reset")
        guard isReset || name.take("remaining") else { return }
        var kind = Kind.unnamed
        if !name.is("") {
            guard name.take("-"), let named = RetryAfter.kind(&name), name.is("") else { return }
            kind = named
        }
        if isReset { noteReset(value, kind) } else { noteRemaining(value, kind) }
    }

    private static func kind(_ name: inout HeaderName) -> Kind? {
        if name.take("requests") { return .requests }
        if name.take("tokens") { return .tokens }
        if name.take("input-tokens") { return .inputTokens }
        return name.take("output-tokens") ? .outputTokens : nil
    }

    private mutating func noteRemaining(_ value: String, _ kind: Kind) {
        // A negative one, "without limit", is no number here.
        guard let remaining = HeaderTime.seconds(value), remaining.isFinite else { return }
        counts[kind.rawValue].remaining = min(counts[kind.rawValue].remaining ?? remaining, remaining)
    }

    private mutating func noteReset(_ value: String, _ kind: Kind) {
        guard let reset = reset(value), reset > 0 else { return }
        counts[kind.rawValue].reset = max(counts[kind.rawValue].reset ?? 0, reset)
    }

    /// Seconds until a count begins anew: a time, a date, or since 1970 in seconds or milliseconds.
    private func reset(_ value: String) -> Double? {
        let read =
            HeaderTime.span(value)
            ?? (HeaderTime.rfc3339(value) ?? HeaderTime.httpDate(value)).map(secondsUntil)
        guard let read else { return nil }
        // No count lasts for thirty years: what is larger counts from 1970.
        let since = read >= 1e12 ? read / 1000 : read
        let time = read >= 1e9 && read < 1e15 ? since - Double(wall.milliseconds) / 1000 : read
        return min(max(0, time), RetryAfter.longest.seconds)
    }

    private func secondsUntil(_ date: Int64) -> Double {
        let (difference, overflow) = date.subtractingReportingOverflow(wall.milliseconds)
        return overflow ? 0 : max(0, Double(difference) / 1000)
    }

    private static func time(_ seconds: Double?) -> Duration? {
        guard let seconds, seconds >= 0 else { return nil }
        return seconds == 0 ? .zero : Cooldown.time(seconds, atMost: longest)
    }
}

/// A header's name, read from its front in any case. ASCII alone.
private struct HeaderName {
    private let text: String
    private var start = 0

    init(_ text: String) { self.text = text }

    /// Moves past a word in small letters, if it comes next.
    mutating func take(_ word: String) -> Bool {
        guard let end = end(of: word) else { return false }
        start = end
        return true
    }

    /// Whether this is all that is left.
    func `is`(_ word: String) -> Bool { end(of: word) == text.utf8.count }

    private func end(of word: String) -> Int? {
        let bytes = text.utf8.span
        let wanted = word.utf8.span
        guard wanted.count <= bytes.count - start else { return nil }
        for index in wanted.indices {
            let byte = bytes[start + index]
            guard ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == wanted[index] else { return nil }
        }
        return start + wanted.count
    }
}
