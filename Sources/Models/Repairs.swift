/// What of a provider's answer was not as its dialect promises and had to be mended before a client could be shown it,
/// or could not be mended, counted by kind.
public struct Repairs: Sendable, Equatable {
    /// The raw values are labels of metrics.
    public enum Kind: String, Sendable, CaseIterable {
        /// A call's id was missing, another call's, said again, or of letters that the client's dialect does not allow.
        case toolCallID = "tool_call_id"
        /// A call's index was missing, another call's, or not its position.
        case toolCallIndex = "tool_call_index"
        /// A call did not say that it is one of a function.
        case toolCallType = "tool_call_type"
        /// A call's arguments were no JSON object in text, or more came after their end.
        case toolArguments = "tool_arguments"
        /// A call was left out: one more than an answer may have.
        case toolCallDropped = "tool_call_dropped"
        /// An answer ended twice, without a reason, for a reason that nobody knows, or for one that what it holds
        /// contradicts.
        case finishReason = "finish_reason"
        /// A stream ended without saying that it was over, after an answer that was.
        case streamEnd = "stream_end"
    }

    private var counts: [Kind: Int] = [:]

    public init() {}

    public var isEmpty: Bool { counts.isEmpty }
    public subscript(kind: Kind) -> Int { counts[kind] ?? 0 }

    public mutating func note(_ kind: Kind, times: Int = 1) {
        guard times > 0 else { return }
        counts[kind, default: 0] += times
    }

    public static func += (left: inout Repairs, right: Repairs) {
        left.counts.merge(right.counts) { $0 + $1 }
    }
}
