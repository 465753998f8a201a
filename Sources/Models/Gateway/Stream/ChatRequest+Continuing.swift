extension ChatRequest {
    /// Whether an answer to it may be such that another model can go on with its text: one answer of plain text, and
    /// everything that was asked for is known beside the client's own bytes, which cannot be used again.
    var mayBeContinued: Bool {
        switch responseFormat {
        case nil, .text: break
        // A form is held from the answer's beginning on, or by a tool: nobody takes it up in the middle.
        case .jsonObject, .jsonSchema: return false
        }
        return n == 1 && !logprobs && foreignField == nil && !hasForeignTools
    }

    /// The same question with the answer so far as the assistant's message at its end, to be gone on with. Written
    /// anew for every provider. White space at the text's end is left out: models go on better without, and some
    /// refuse it.
    func continuing(after shown: String) -> ChatRequest {
        var request = self
        request.original = nil
        let begin = String(EchoFilter.split(shown).begin)
        if let beginning {
            // The client has begun the answer itself, and what was shown goes on with that.
            switch messages[beginning].content {
            case .none: request.messages[beginning].content = .text(begin)
            case .text(let text): request.messages[beginning].content = .text(text + begin)
            case .parts(let parts): request.messages[beginning].content = .parts(parts + [.text(begin)])
            }
        } else {
            request.messages.append(ChatMessage(.assistant, begin))
        }
        if let maxTokens {
            let (rest, overflow) = maxTokens.subtractingReportingOverflow(Self.tokens(in: shown))
            request.maxTokens = overflow ? 1 : max(1, rest)
        }
        return request
    }

    /// What the client has said of the answer itself.
    var beginningText: String { beginning.map { messages[$0].text } ?? "" }

    /// In other dialects it is one message more.
    private var beginning: Int? { dialect == .anthropic ? prefill : nil }

    /// About how many tokens a text has: four bytes of ASCII each, three of other scripts.
    static func tokens(in text: some StringProtocol) -> Int {
        let foreign = text.utf8.reduce(0) { $0 + Int($1 >> 7) }
        return (text.utf8.count - foreign) / 4 + foreign / 3
    }
}
