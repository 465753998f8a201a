internal import Base

/// One expert's answer, whatever the others say.
public struct LeadFusion: Fusion {
    private let lead: String

    public init(_ lead: String) { self.lead = lead }

    /// Throws `no_expert_answered` where the lead was left out.
    public func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer {
        guard let input = inputs.first(where: { $0.name == lead }) else {
            throw CodedError(.noExpertAnswered, "The lead '\(lead)' was left out.")
        }
        return FusedAnswer(of: input)
    }
}

/// All answers, one behind the other.
public struct ConcatenateFusion: Fusion {
    private let separator: String
    private let titled: Bool

    /// `titled` puts each expert's name over its text.
    public init(separator: String, titled: Bool) {
        self.separator = separator
        self.titled = titled
    }

    /// `nil` for a rule that is another.
    init?(_ rule: FusionRule) {
        guard case .concatenate(let separator, let titled) = rule else { return nil }
        self.init(separator: separator, titled: titled)
    }

    /// Writes the same while the texts still come.
    func writer(of names: [String]) -> SectionWriter {
        SectionWriter(names: names, separator: separator, titled: titled)
    }

    public func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer {
        var writer = writer(of: inputs.map(\.name))
        var text = ""
        for input in inputs {
            text += writer.add(input.text, to: input.name)
            text += writer.end(input.name)
        }
        return FusedAnswer(text: text)
    }
}

/// The most frequent answer; of equally frequent ones that which was declared first.
public struct VoteFusion: Fusion {
    public init() {}

    public func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer {
        let votes = inputs.map { VoteFusion.normalised($0.text) }
        var counts: [String: Int] = [:]
        for vote in votes { counts[vote, default: 0] += 1 }
        var best = 0
        for place in inputs.indices where counts[votes[place], default: 0] > counts[votes[best], default: 0] {
            best = place
        }
        guard inputs.indices.contains(best) else { throw CodedError(.noExpertAnswered, "There is no vote.") }
        let count = counts[votes[best], default: 0]
        return FusedAnswer(of: inputs[best], reasons: ["\(count) of \(inputs.count) experts answer so."])
    }

    /// Without what makes equal answers differ: case, white space, and the marks around them. O(n), for most texts in
    /// one pass over their bytes.
    static func normalised(_ text: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var isBetween = false
        for byte in text.utf8 {
            switch byte {
            case 0x80...: return normalisedScalars(text)
            case 0x20, 0x09...0x0d:
                isBetween = true
                continue
            default: break
            }
            if isBetween, !bytes.isEmpty { bytes.append(0x20) }
            isBetween = false
            bytes.append((0x41...0x5a).contains(byte) ? byte | 0x20 : byte)
        }
        var rest = bytes[...]
        while let last = rest.last, isMark(Unicode.Scalar(last)) { rest.removeLast() }
        while let first = rest.first, isMark(Unicode.Scalar(first)) { rest.removeFirst() }
        return String(decoding: rest, as: UTF8.self)
    }

    /// The same for any text.
    static func normalisedScalars(_ text: String) -> String {
        // Scalars are told apart in a tenth of the time of characters.
        let words = text.lowercased().unicodeScalars.split {
            $0.isASCII ? $0 == " " || (0x09...0x0d).contains($0.value) : $0.properties.isWhitespace
        }
        var joined = words.map { Substring($0) }.joined(separator: " ")[...]
        while let last = joined.last, let mark = last.only, isMark(mark) { joined.removeLast() }
        while let first = joined.first, let mark = first.only, isMark(mark) { joined.removeFirst() }
        return String(joined)
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", ".", "!", "?", ",", ";", ":", "\"", "'", "*", "`", "(", ")": true
        default: false
        }
    }
}

extension Character {
    /// Its scalar, where it is one.
    fileprivate var only: Unicode.Scalar? { unicodeScalars.count == 1 ? unicodeScalars.first : nil }
}
