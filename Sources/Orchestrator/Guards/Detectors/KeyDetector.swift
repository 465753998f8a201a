/// Keys of well-known shapes, found at the first letter of their prefix.
enum KeyDetector {
    /// Letters with which a prefix begins.
    static let starts = Set(shapes.flatMap(\.value).map { $0.prefix[0] } + [UInt8(ascii: "e")])

    static func find(at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        guard !text.before(start).isAlphanumeric else { return nil }
        let first = text[start]
        if first == UInt8(ascii: "e") { return TokenDetector.find(at: start, text, &probe) }
        for shape in shapes[first] ?? [] where probe.matches(shape.prefix, at: start, text) {
            if let finding = find(shape, at: start, text, &probe) { return finding }
        }
        return nil
    }

    private static func find(_ shape: Shape, at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        let body = start + shape.prefix.count
        var hasSign = !shape.needsSign
        var index = body
        while index < body + shape.least {
            let byte = probe.byte(index, text)
            guard shape.alphabet.contains(byte) else { return nil }
            if byte.isDigit || byte.isUpper { hasSign = true }
            index += 1
        }
        guard hasSign else { return nil }
        if shape.isExact {
            guard !probe.byte(index, text).isAlphanumeric else { return nil }
            return Finding(start: start, end: index, kind: .key)
        }
        return Finding(start: start, end: index, kind: .key, rest: shape.alphabet == .dotted ? .dottedToken : .token)
    }

    private enum Alphabet {
        case alphanumeric, upper, token, dotted

        func contains(_ byte: UInt8) -> Bool {
            switch self {
            case .alphanumeric: byte.isAlphanumeric
            case .upper: byte.isUpper || byte.isDigit
            case .token: byte.isToken
            case .dotted: byte.isToken || byte == UInt8(ascii: ".")
            }
        }
    }

    private struct Shape {
        var prefix: [UInt8]
        /// So many characters make it certain.
        var least: Int
        var alphabet: Alphabet
        /// Whether it has that many and no more.
        var isExact = false
        /// Whether there must be a digit or a capital among the first: prefixes that are words, too.
        var needsSign = false

        init(
            _ prefix: String, _ least: Int, _ alphabet: Alphabet, isExact: Bool = false, needsSign: Bool = false
        ) {
            self.prefix = Array(prefix.utf8)
            self.least = least
            self.alphabet = alphabet
            self.isExact = isExact
            self.needsSign = needsSign
        }
    }

    /// By their first letter.
    private static let shapes: [UInt8: [Shape]] = {
        let all = [
            // OpenAI, Anthropic, OpenRouter and others of the kind.
            Shape("sk-", 20, .token, needsSign: true),
            // Stripe.
            Shape("sk_live_", 16, .alphanumeric), Shape("sk_test_", 16, .alphanumeric),
            Shape("rk_live_", 16, .alphanumeric), Shape("rk_test_", 16, .alphanumeric),
            // GitHub.
            Shape("ghp_", 36, .alphanumeric), Shape("gho_", 36, .alphanumeric), Shape("ghu_", 36, .alphanumeric),
            Shape("ghs_", 36, .alphanumeric), Shape("ghr_", 36, .alphanumeric),
            Shape("github_pat_", 40, .token),
            // GitLab, Groq, Google, Slack.
            Shape("glpat-", 20, .token, needsSign: true), Shape("gsk_", 40, .alphanumeric),
            Shape("AIza", 35, .token, isExact: true), Shape("ya29.", 30, .dotted),
            Shape("xoxa-", 16, .token, needsSign: true), Shape("xoxb-", 16, .token, needsSign: true),
            Shape("xoxe-", 16, .token, needsSign: true), Shape("xoxo-", 16, .token, needsSign: true),
            Shape("xoxp-", 16, .token, needsSign: true), Shape("xoxr-", 16, .token, needsSign: true),
            Shape("xoxs-", 16, .token, needsSign: true), Shape("xapp-", 16, .token, needsSign: true),
            // AWS.
            Shape("AKIA", 16, .upper, isExact: true), Shape("ASIA", 16, .upper, isExact: true),
            // xAI, npm, Hugging Face, PyPI, SendGrid, DigitalOcean.
            Shape("xai-", 40, .token, needsSign: true), Shape("npm_", 36, .alphanumeric),
            Shape("hf_", 30, .alphanumeric), Shape("pypi-", 50, .token), Shape("SG.", 50, .dotted),
            Shape("dop_v1_", 40, .alphanumeric),
        ]
        return Dictionary(grouping: all) { $0.prefix[0] }
    }()
}
