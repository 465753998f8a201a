/// What had to be mended in a provider's answer before a client could be shown it, counted by kind.
public struct Repairs: Sendable, Equatable {
    /// The raw values are labels of metrics.
    public enum Kind: String, Sendable, CaseIterable {
        /// A call's id was missing, another call's, or of letters that the client's dialect does not allow.
        case toolCallID = "tool_call_id"
        /// A call's arguments were no JSON object, or more came after their end.
        case toolArguments = "tool_arguments"
        /// An answer ended twice, or for a reason that what it holds contradicts.
        case finishReason = "finish_reason"
    }

    private var counts: [Kind: Int] = [:]

    public init() {}

    public var isEmpty: Bool { counts.isEmpty }
    public subscript(kind: Kind) -> Int { counts[kind] ?? 0 }

    public mutating func note(_ kind: Kind) { counts[kind, default: 0] += 1 }

    public static func += (left: inout Repairs, right: Repairs) {
        left.counts.merge(right.counts) { $0 + $1 }
    }
}
