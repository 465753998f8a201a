/// Keys of well-known shapes, found at the first letter of their prefix.
enum KeyDetector {
    /// Letters with which a prefix begins.
    static let starts = Set(shapes.joined().map { $0.prefix[0] } + [UInt8(ascii: "e")])

    static func find(at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        guard !text.before(start).isAlphanumeric else { return nil }
        let first = text[start]
        if first == UInt8(ascii: "e") { return TokenDetector.find(at: start, text, &probe) }
        for shape in shapes[Int(first)] where probe.matches(shape.prefix, at: start, text) {
            if let finding = find(shape, at: start, text, &probe) { return finding }
        }
        return nil
    }

    private static func find(_ shape: Shape, at start: Int, _ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        let body = start + shape.prefix.count
        var random = Randomness()
        var index = body
        while index < body + shape.least {
            let byte = probe.byte(index, text)
            guard shape.alphabet.contains(byte) else { return nil }
            random.take(byte)
            index += 1
        }
        switch shape.proof {
        case .length: break
        case .sign: guard random.hasSign || random.longest >= shape.least else { return nil }
        case .randomness:
            while !random.isKey {
                let byte = probe.byte(index, text)
                guard index < body + maxProof, shape.alphabet.contains(byte) else { return nil }
                random.take(byte)
                index += 1
            }
        }
        if shape.isExact {
            guard !probe.byte(index, text).isAlphanumeric else { return nil }
            return Finding(start: start, end: index, kind: .key)
        }
        return Finding(start: start, end: index, kind: .key, rest: shape.alphabet == .dotted ? .dottedToken : .token)
    }

    /// So far it is looked for what tells a key from words with hyphens.
    private static let maxProof = 60

    /// What tells a key from words with hyphens between, read character by character.
    private struct Randomness {
        private(set) var hasSign = false
        /// Of the parts between hyphens and underscores.
        private(set) var longest = 0
        private var part = 0
        private var partHasSign = false
        private var partHasDigit = false
        private var partHasLetter = false
        private var mixed = 0
        private var isLong = false

        /// One long part; a middling one with a digit or a capital in it; or two that mix letters and digits.
        var isKey: Bool { longest >= 20 || isLong || mixed >= 2 }

        mutating func take(_ byte: UInt8) {
            guard byte.isAlphanumeric else {
                part = 0
                partHasSign = false
                partHasDigit = false
                partHasLetter = false
                return
            }
            let wasMixed = part >= 4 && partHasDigit && partHasLetter
            part += 1
            partHasDigit = partHasDigit || byte.isDigit
            partHasLetter = partHasLetter || byte.isLetter
            partHasSign = partHasSign || byte.isDigit || byte.isUpper
            hasSign = hasSign || partHasSign
            longest = max(longest, part)
            if part >= 12, partHasSign { isLong = true }
            if !wasMixed, part >= 4, partHasDigit, partHasLetter { mixed += 1 }
        }
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

    private enum Proof {
        /// That there are so many characters; among them a digit or a capital, or no hyphen; what words do not have.
        case length, sign, randomness
    }

    private struct Shape {
        var prefix: [UInt8]
        /// So many characters make it certain.
        var least: Int
        var alphabet: Alphabet
        /// Whether it has that many and no more.
        var isExact = false
        var proof = Proof.length

        init(
            _ prefix: String, _ least: Int, _ alphabet: Alphabet, isExact: Bool = false, proof: Proof = .length
        ) {
            self.prefix = Array(prefix.utf8)
            self.least = least
            self.alphabet = alphabet
            self.isExact = isExact
            self.proof = proof
        }
    }

    /// By their first letter, for every byte.
    private static let shapes: [[Shape]] = {
        // Slack's kinds of tokens are told by a letter.
        let slack = "abcdefghijklmnopqrstuvwxyz".map { Shape("xox\($0)-", 16, .token, proof: .sign) }
        let all =
            slack + [
                // OpenAI, Anthropic, OpenRouter and others of the kind.
                Shape("sk-", 20, .token, proof: .randomness),
                // Stripe.
                Shape("sk_live_", 16, .alphanumeric), Shape("sk_test_", 16, .alphanumeric),
                Shape("rk_live_", 16, .alphanumeric), Shape("rk_test_", 16, .alphanumeric),
                // GitHub.
                Shape("ghp_", 36, .alphanumeric), Shape("gho_", 36, .alphanumeric), Shape("ghu_", 36, .alphanumeric),
                Shape("ghs_", 36, .alphanumeric), Shape("ghr_", 36, .alphanumeric),
                Shape("github_pat_", 40, .token),
                // GitLab, Groq, Google, Slack.
                Shape("glpat-", 20, .token, proof: .sign), Shape("gsk_", 40, .alphanumeric),
                Shape("AIza", 35, .token, isExact: true), Shape("ya29.", 30, .dotted),
                Shape("xapp-", 16, .token, proof: .sign),
                // AWS.
                Shape("AKIA", 16, .upper, isExact: true), Shape("ASIA", 16, .upper, isExact: true),
                // xAI, npm, Hugging Face, PyPI, SendGrid, DigitalOcean.
                Shape("xai-", 40, .token, proof: .sign), Shape("npm_", 36, .alphanumeric),
                Shape("hf_", 30, .alphanumeric), Shape("pypi-", 50, .token), Shape("SG.", 50, .dotted),
                Shape("dop_v1_", 40, .alphanumeric),
            ]
        return (0...255).map { (first: UInt8) in all.filter { $0.prefix[0] == first } }
    }()
}
