internal import Models

/// The texts of one choice of a guarded stream, and its events that wait.
struct GuardedChoice: Sendable {
    /// One of the texts that a choice has.
    private enum Channel: Equatable {
        case text, reasoning, refusal
        case arguments(Int)
    }

    /// An event that waits, by where its text lies in its channel's.
    private struct Waiting: Sendable {
        var event: ModelEvent
        var frame: Int
        /// Whether its frame may not go to the client.
        var isBroken: Bool
        /// `nil` for what has no text.
        var range: Range<Int>?
    }

    let index: Int
    private var finder: SecretFinder
    /// Whose text the finder has. Texts take turns; each one is decided when the next one begins.
    private var channel: Channel?
    private var redaction = Redaction(isJSON: false)
    private var edits: [SecretFinder.Edit] = []
    private var waiting: [Waiting] = []
    /// Where the strings of each call's arguments are, while others take their turn.
    private var redactions: [Int: Redaction] = [:]
    /// Whether something in the reasoning was replaced that is to be signed.
    private var hasChangedReasoning = false

    /// Events without text may come while one with text waits; then that is decided.
    private static let maxWaiting = 1024
    private static let maxCalls = 256

    init(_ index: Int, _ patterns: GuardPatterns) {
        self.index = index
        finder = SecretFinder(patterns)
    }

    /// Counts what is found in an event that passes in any case.
    mutating func watch(_ event: ModelEvent, _ findings: inout GuardFindings) {
        defer { edits.removeAll(keepingCapacity: true) }
        guard let (channel, text) = Self.text(of: event) else {
            if Self.endsTexts(event) { settle(&findings) }
            return
        }
        enter(channel, &findings)
        let known = edits.count
        finder.take(text, &edits)
        note(&findings, from: known)
    }

    mutating func take(_ event: ModelEvent, frame: Int, isBroken: Bool, _ findings: inout GuardFindings) {
        guard let (channel, text) = Self.text(of: event) else {
            if Self.endsTexts(event) || waiting.count >= Self.maxWaiting { settle(&findings) }
            waiting.append(Waiting(event: event, frame: frame, isBroken: isBroken))
            return
        }
        enter(channel, &findings)
        if waiting.count >= Self.maxWaiting { settle(&findings) }
        let start = finder.end
        let known = edits.count
        finder.take(text, &edits)
        note(&findings, from: known)
        waiting.append(
            Waiting(event: event, frame: frame, isBroken: isBroken, range: start..<(start + text.utf8.count)))
    }

    /// Decides what is not decided.
    mutating func settle(_ findings: inout GuardFindings) {
        let known = edits.count
        finder.finish(&edits)
        note(&findings, from: known)
    }

    /// The frame of these events holds pieces of another choice as well.
    mutating func breakFrame(_ frame: Int) {
        for position in waiting.indices where waiting[position].frame == frame { waiting[position].isBroken = true }
    }

    /// Gives the events of frames before this one that are decided, in order, whole frames only.
    mutating func release(before frame: Int, into output: inout [ModelEvent]) {
        var first = 0
        while first < waiting.count, waiting[first].frame < frame {
            var end = first
            while end < waiting.count, waiting[end].frame == waiting[first].frame { end += 1 }
            guard waiting[first..<end].allSatisfy({ ($0.range?.upperBound ?? 0) <= finder.settled }) else { break }
            release(first..<end, into: &output)
            first = end
        }
        guard first > 0 else { return }
        if let last = waiting[..<first].last(where: { $0.range != nil })?.range?.upperBound {
            edits.removeAll { $0.range.upperBound <= last }
        }
        waiting.removeFirst(first)
    }

    private mutating func release(_ positions: Range<Int>, into output: inout [ModelEvent]) {
        let begin = output.count
        var isChanged = false
        for position in positions {
            let entry = waiting[position]
            if entry.isBroken { isChanged = true }
            guard let changed = redacted(entry) else {
                output.append(entry.event)
                continue
            }
            isChanged = true
            if let event = changed { output.append(event) }
        }
        guard isChanged else { return }
        // Of what was not read, nothing is left without its frame.
        output[begin...].removeAll { $0.kind == .other && $0.source != .built }
        for position in begin..<output.count { output[position].source = .built }
    }

    /// The event with marks for what was found in it, which is none where nothing is left of it; `nil` when it stays.
    private mutating func redacted(_ entry: Waiting) -> ModelEvent?? {
        guard let range = entry.range, let (channel, text) = Self.text(of: entry.event) else {
            return signed(entry.event)
        }
        let touching = edits.isEmpty ? [] : edits.filter { $0.range.overlaps(range) }
        let changed = mark(touching, in: text, of: channel, from: range.lowerBound)
        guard let changed else { return nil }
        var event = entry.event
        event.logprobs = []
        event.source = .built
        switch event.kind {
        case .text: event.kind = .text(changed)
        case .refusal: event.kind = .refusal(changed)
        case .reasoning:
            event.kind = .reasoning(changed)
            hasChangedReasoning = true
        case .toolCall(var delta):
            delta.arguments = changed
            event.kind = .toolCall(delta)
            if delta.id != nil || delta.name != nil { return .some(event) }
        default: break
        }
        return changed.isEmpty ? .some(nil) : .some(event)
    }

    /// `nil` when the text stays.
    private mutating func mark(
        _ edits: [SecretFinder.Edit], in text: String, of channel: Channel, from start: Int
    ) -> String? {
        guard case .arguments(let call) = channel else {
            return edits.isEmpty ? nil : redaction.apply(edits, to: text, from: start)
        }
        if redactions.count > Self.maxCalls { redactions = [:] }
        if edits.isEmpty {
            redactions[call, default: Redaction(isJSON: true)].pass(text)
            return nil
        }
        return redactions[call, default: Redaction(isJSON: true)].apply(edits, to: text, from: start)
    }

    /// A proof of reasoning that was changed proves nothing; its provider would refuse it.
    private mutating func signed(_ event: ModelEvent) -> ModelEvent?? {
        guard case .signature = event.kind, hasChangedReasoning else { return nil }
        hasChangedReasoning = false
        return .some(nil)
    }

    private mutating func enter(_ channel: Channel, _ findings: inout GuardFindings) {
        guard channel != self.channel else { return }
        if self.channel != nil { settle(&findings) }
        self.channel = channel
    }

    private func note(_ findings: inout GuardFindings, from known: Int) {
        for edit in edits[known...] { if let kind = edit.kind { findings.add(kind) } }
    }

    private static func endsTexts(_ event: ModelEvent) -> Bool {
        switch event.kind {
        case .finish, .signature, .sealedReasoning: true
        default: false
        }
    }

    private static func text(of event: ModelEvent) -> (Channel, String)? {
        switch event.kind {
        case .text(let text): (.text, text)
        case .reasoning(let text): (.reasoning, text)
        case .refusal(let text): (.refusal, text)
        case .toolCall(let delta): (.arguments(delta.index), delta.arguments)
        default: nil
        }
    }
}
