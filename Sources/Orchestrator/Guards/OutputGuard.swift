/// Looks for secrets in one text that comes in pieces, however it is cut. A pure machine; nothing of the text is kept
/// but what is held back, and a little before it.
public struct OutputGuard: Sendable {
    private let settings: GuardSettings
    public private(set) var findings = GuardFindings()

    public init(_ settings: GuardSettings) { self.settings = settings }

    /// The next piece of the text. Gives what may be shown now, possibly nothing. Under `flag` that is the piece.
    public mutating func take(_ text: String) -> String { text }

    /// The text is over: gives what was held back. Another text may follow.
    public mutating func finish() -> String { "" }
}
