internal import Base
internal import JSON

extension Anthropic {
    /// What a model is told about thinking.
    enum Thinking: Equatable {
        case adaptive
        /// Tokens, at least ``leastBudget`` and below the answer's most.
        case budget(Int)

        static let leastBudget = 1024

        func write(to writer: inout JSONWriter) {
            switch self {
            case .adaptive: writer.member("thinking", ["type": "adaptive"])
            case .budget(let tokens):
                writer.member("thinking", ["type": "enabled", "budget_tokens": .int(Int64(tokens))])
            }
        }
    }

    /// For an answer of which nothing is known.
    private static let usualAnswer = 4096

    /// The most tokens of an answer, which this dialect must be told and which thinking is part of, and the thinking.
    static func answerTokens(
        of call: ModelCall
    ) throws(CodedError) -> (maxTokens: Int, thinking: Thinking?) {
        let request = call.request
        let limit = call.entry?.output ?? Catalogue.info(of: call.model)?.answerLimit
        let most = request.maxTokens ?? limit ?? usualAnswer
        switch try wantedThinking(of: request) {
        case nil: return (most, nil)
        case .adaptive: return (most, .adaptive)
        case .budget(let budget):
            if budget < most { return (most, .budget(budget)) }
            // What the client asked for is for the answer, and thinking comes on top of it.
            let answer = request.maxTokens ?? min(most, usualAnswer)
            let (sum, overflow) = answer.addingReportingOverflow(budget)
            let raised = min(overflow ? .max : sum, limit ?? .max)
            let (rest, underflow) = raised.subtractingReportingOverflow(answer)
            guard !underflow, rest >= Thinking.leastBudget else { return (most, nil) }
            return (raised, .budget(rest))
        }
    }

    private static func wantedThinking(of request: ChatRequest) throws(CodedError) -> Thinking? {
        let wanted: Thinking
        switch request.reasoning {
        case nil, .off: return nil
        case .adaptive: wanted = .adaptive
        case .budget(let tokens):
            guard tokens > 0 else { return nil }
            wanted = .budget(max(tokens, Thinking.leastBudget))
        case .effort(let effort):
            switch effort {
            case "none": return nil
            case "minimal", "low": wanted = .budget(1024)
            case "medium": wanted = .budget(4096)
            case "high", "xhigh", "max": wanted = .budget(16_384)
            default:
                throw CodedError(
                    .invalidValue, "'reasoning_effort' must be none, minimal, low, medium, high, xhigh or max.",
                    param: "reasoning_effort")
            }
        }
        return forcesTool(request) || breaksThoughtOff(request) ? nil : wanted
    }

    /// A model that must call a tool does not think before.
    private static func forcesTool(_ request: ChatRequest) -> Bool {
        guard !request.tools.isEmpty else { return false }
        switch request.toolChoice {
        case .required, .function: return true
        default: return false
        }
    }

    /// A model that thinks wants the thought back that led to the calls of its last turn.
    private static func breaksThoughtOff(_ request: ChatRequest) -> Bool {
        guard let last = request.messages.last(where: { $0.role == .assistant }), !last.toolCalls.isEmpty
        else { return false }
        return !last.reasoning.contains(where: \.isProven)
    }
}

extension Reasoning {
    /// Whether its provider would know it as its own.
    var isProven: Bool {
        switch self {
        case .text(_, let signature): signature?.isEmpty == false
        case .sealed: true
        }
    }
}
