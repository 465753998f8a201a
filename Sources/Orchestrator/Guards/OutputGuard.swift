/// Looks for secrets in one text that comes in pieces. What it gives for all pieces together does not depend on where the
/// text was cut. A pure machine; it keeps nothing of the text but what is held back, and a little before it.
///
/// Under `redact` it holds back from where a finding may have begun, until that is decided: mostly the word at the end,
/// which may be the beginning of an address; with patterns of the user's at most their window.
public struct OutputGuard: Sendable {
    private let policy: GuardSettings.OutputPolicy
    private var finder: SecretFinder
    /// All before it was given.
    private var shown = 0
    public private(set) var findings = GuardFindings()

    public init(_ settings: GuardSettings) {
        policy = settings.output
        finder = SecretFinder(settings.patterns)
        findings.isRedacted = policy == .redact
    }

    /// The next piece of the text. Gives what may be shown now, possibly nothing. Under `flag` that is the piece.
    public mutating func take(_ text: String) -> String {
        guard policy != .off else { return text }
        let begin = finder.end
        var edits: [SecretFinder.Edit] = []
        finder.takeWhole(text, &edits)
        note(edits)
        guard policy == .redact else { return text }
        if edits.isEmpty, shown == begin, finder.settled == finder.end {
            shown = finder.end
            return text
        }
        return show(edits, to: finder.settled)
    }

    /// The text is over: gives what was held back. Another text may follow.
    public mutating func finish() -> String {
        guard policy != .off else { return "" }
        var edits: [SecretFinder.Edit] = []
        // The finder lets the text go when it is over.
        let rest = policy == .redact ? Array(finder.bytes(shown..<finder.end)) : []
        let end = finder.end
        finder.finish(&edits)
        note(edits)
        guard policy == .redact else { return "" }
        defer { shown = end }
        return Self.redacted(rest[...], from: shown, edits)
    }

    private mutating func note(_ edits: [SecretFinder.Edit]) {
        for edit in edits { if let kind = edit.kind { findings.add(kind) } }
    }

    private mutating func show(_ edits: [SecretFinder.Edit], to end: Int) -> String {
        defer { shown = end }
        return Self.redacted(finder.bytes(shown..<end), from: shown, edits)
    }

    private static func redacted(
        _ bytes: ArraySlice<UInt8>, from start: Int, _ edits: [SecretFinder.Edit]
    ) -> String {
        guard !edits.isEmpty else { return String(decoding: bytes, as: UTF8.self) }
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        let offset = bytes.startIndex - start
        var place = start
        for edit in edits {
            output += bytes[(place + offset)..<(edit.range.lowerBound + offset)]
            if let kind = edit.kind { output += kind.mark.utf8 }
            place = edit.range.upperBound
        }
        output += bytes[(place + offset)...]
        return String(decoding: output, as: UTF8.self)
    }
}
