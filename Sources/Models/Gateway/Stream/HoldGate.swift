/// Says of an answer's events when the first of them may be shown. A pure state machine.
struct HoldGate: Sendable {
    enum Step: Sendable, Equatable {
        /// More has to be read.
        case hold
        case release
        /// Nothing may be shown before the end, and more cannot be kept until then.
        case overflow
    }

    /// What is kept at most: some 100 MB of events beside their content.
    struct Limits: Sendable {
        var events = 1 << 19
        /// Of content and frames; as much as an answer may have.
        var bytes = 64 << 20
    }

    private let hold: Hold
    private let limits: Limits
    private var events = 0
    private var bytes = 0
    private var visible = 0

    init(_ hold: Hold, limits: Limits = Limits()) {
        self.hold = hold
        self.limits = limits
    }

    /// Whether a client was to see anything of what has come, the end of an empty answer included.
    var hasAnswer: Bool { visible > 0 }

    /// To be told of every event once, in order.
    mutating func take(_ event: ModelEvent) -> Step {
        events += 1
        let (sum, overflow) = bytes.addingReportingOverflow(event.heldBytes)
        bytes = overflow ? .max : sum
        if event.isVisible { visible += 1 }
        let isFull = events >= limits.events || bytes >= limits.bytes
        switch hold {
        case .all: return isFull ? .overflow : .hold
        case .tokens(let count):
            // One piece is shown in any case, so the first one releases where nothing more is asked for.
            return isFull || visible > max(0, count) ? .release : .hold
        }
    }
}

extension ModelEvent {
    /// Whether a client sees anything of it: content, or the answer's end.
    var isVisible: Bool {
        switch kind {
        case .text, .reasoning, .signature, .sealedReasoning, .refusal, .toolCall, .finish, .whole: true
        case .usage, .other: false
        }
    }

    /// About how much is kept with it, beside its own size.
    fileprivate var heldBytes: Int {
        var bytes = logprobs.count * Self.logprobBytes
        if case .frame(let frame) = source { bytes += frame.bytes.count }
        switch kind {
        case .text(let text), .reasoning(let text), .signature(let text), .sealedReasoning(let text),
            .refusal(let text):
            bytes += text.utf8.count
        case .toolCall(let delta): bytes += delta.arguments.utf8.count
        case .whole(let completion):
            for choice in completion.choices {
                bytes += (choice.text?.utf8.count ?? 0) + (choice.reasoning?.utf8.count ?? 0)
                for call in choice.toolCalls { bytes += call.arguments.utf8.count }
            }
        case .finish, .usage, .other: break
        }
        return bytes
    }

    /// Of one token with its twenty likeliest others.
    private static let logprobBytes = 2048
}
