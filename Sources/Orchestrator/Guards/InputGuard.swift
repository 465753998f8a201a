public import Base
public import Models

/// What was noticed in a request. Never its text.
public struct InputFindings: Sendable, Equatable {
    /// How much it looks like an attempt to make the model forget whom it serves, 0 to 1.
    public var score = 0.0
    /// What made the score, each once, by name: `override`, `role_marker`…
    public var reasons: [String] = []
    /// How many characters control how text is shown, and do not show themselves.
    public var controlCharacters = 0

    public init() {}
    public var isEmpty: Bool { reasons.isEmpty && controlCharacters == 0 }

    /// All that may be noticed, by name: the reasons of the score, and control characters.
    public static let names = InjectionSignals.Signal.allCases.map(\.rawValue) + ["control_characters"]
    /// What was noticed of them, in that order.
    public var names: [String] { controlCharacters > 0 ? reasons + ["control_characters"] : reasons }
}

/// Looks at what a caller wants to tell a model: size, control characters, signs of an injection. Pure. Under `flag` it
/// never refuses.
public struct InputGuard: Sendable {
    /// From which score a request is refused, where the policy is to refuse.
    public static let refusalScore = 0.8
    /// The most text of one request, in bytes, where the policy is to refuse.
    public static let maxTextBytes = 4 << 20
    /// How much of one message is searched for signs of an injection, in bytes: half of it at its beginning, half at its
    /// end.
    public static let searchedBytes = 64 << 10

    private let policy: GuardSettings.InputPolicy

    public init(_ settings: GuardSettings) { policy = settings.input }

    /// Looks at all texts for control characters, and at what callers and tools have said for signs of an injection:
    /// system messages are the application's own. What a request says that the model has answered is a caller's word as
    /// well, so messages before an answer are looked at as those behind it. What was said between two answers counts
    /// together, and the worst of that is the score: a long talk does not add up to an attempt. Linear in the texts.
    /// - Throws: `guard_refused`, the caller's fault, only where the policy is to refuse.
    public func inspect(_ request: ChatRequest) throws(CodedError) -> InputFindings {
        var findings = InputFindings()
        guard policy != .off else { return findings }
        var signals = InjectionSignals()
        var size = 0
        // A message is much to copy, so it is looked at where it stands.
        let messages = request.messages.span
        for index in messages.indices {
            let role = messages[index].role
            if role == .assistant { signals = InjectionSignals() }
            let before = (control: findings.controlCharacters, score: signals.score)
            for text in Self.texts(of: messages[index].content) {
                size += text.utf8.count
                findings.controlCharacters += ControlCharacters.count(in: text)
                if role == .user || role == .tool || role == .function {
                    for part in Self.searched(text) { signals.look(at: part) }
                }
            }
            if policy == .refuse {
                try refuse(
                    messages[index].places?.message.path ?? "messages[\(index)]", size: size,
                    hasControl: findings.controlCharacters > before.control,
                    score: signals.score > before.score ? signals.score : 0, signals.reasons)
            }
            if signals.score > findings.score { (findings.score, findings.reasons) = (signals.score, signals.reasons) }
        }
        return findings
    }

    /// How much text it would look at, in bytes.
    static func length(of request: ChatRequest) -> Int {
        let messages = request.messages.span
        var length = 0
        for index in messages.indices {
            for text in texts(of: messages[index].content) { length += text.utf8.count }
        }
        return length
    }

    /// Where the policy is to refuse.
    private func refuse(
        _ param: String, size: Int, hasControl: Bool, score: Double, _ reasons: [String]
    ) throws(CodedError) {
        if size > Self.maxTextBytes {
            throw CodedError(
                .guardRefused,
                "The messages have more than \(Self.maxTextBytes >> 20) MB of text together. Send less of it.",
                param: param)
        }
        if hasControl {
            throw CodedError(
                .guardRefused,
                "The message has control characters in it (besides tabs and line ends), or turns its direction unseen. "
                    + "Remove them.",
                param: param)
        }
        if score >= Self.refusalScore {
            throw CodedError(
                .guardRefused,
                "The message looks like an attempt to change the instructions of this service "
                    + "(\(reasons.joined(separator: ", "))). Put what you want in other words.",
                param: param)
        }
    }

    private static func texts(of content: ChatMessage.Content) -> [String] {
        switch content {
        case .none: []
        case .text(let text): [text]
        case .parts(let parts):
            parts.compactMap { part in
                switch part {
                case .text(let text): text
                case .document(let document): if case .text(let text) = document.source { text } else { nil }
                default: nil
                }
            }
        }
    }

    /// The beginning and the end of a long text: an injection wants to be read first or last.
    private static func searched(_ text: String) -> [String] {
        guard text.utf8.count > searchedBytes else { return [text] }
        let half = searchedBytes / 2
        let bytes = text.utf8
        return [
            String(decoding: bytes.prefix(half), as: UTF8.self), String(decoding: bytes.suffix(half), as: UTF8.self),
        ]
    }
}
