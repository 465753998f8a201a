internal import Base
internal import JSON

extension Anthropic {
    /// What a model is told about thinking.
    enum Thinking: Equatable {
        /// As much as the model sees fit; the effort says around what.
        case adaptive(ThinkingEffort?)
        /// Tokens, at least ``leastBudget`` and below the answer's most.
        case budget(Int)
        /// For models that think unless they are told not to.
        case disabled

        static let leastBudget = 1024

        func write(to writer: inout JSONWriter) {
            switch self {
            case .adaptive: writer.member("thinking", ["type": "adaptive"])
            case .budget(let tokens):
                writer.member("thinking", ["type": "enabled", "budget_tokens": .int(Int64(tokens))])
            case .disabled: writer.member("thinking", ["type": "disabled"])
            }
        }

        var isOn: Bool { self != .disabled }
        var effort: ThinkingEffort? { if case .adaptive(let effort) = self { effort } else { nil } }
    }

    /// `output_config`: how much to think, and the schema that the answer is to obey.
    static func writeOutputConfig(effort: ThinkingEffort?, schema: JSONNode?, to writer: inout JSONWriter) {
        guard effort != nil || schema != nil else { return }
        writer.key("output_config")
        writer.beginObject()
        writer.member("effort", ifPresent: effort?.rawValue)
        if let schema {
            writer.key("format")
            writer.beginObject()
            writer.member("type", "json_schema")
            writer.key("schema")
            writer.value(schema)
            writer.endObject()
        }
        writer.endObject()
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
        let wanted = try wantedThinking(of: request, by: steering(of: call))
        guard case .budget(let budget)? = wanted, budget >= most else { return (most, wanted) }
        // What the client asked for is for the answer, and thinking comes on top of it.
        let answer = request.maxTokens ?? min(most, usualAnswer)
        let (sum, overflow) = answer.addingReportingOverflow(budget)
        let raised = min(overflow ? .max : sum, limit ?? .max)
        let (rest, underflow) = raised.subtractingReportingOverflow(answer)
        guard !underflow, rest >= Thinking.leastBudget else { return (most, nil) }
        return (raised, .budget(rest))
    }

    private static func wantedThinking(
        of request: ChatRequest, by steering: Steering?
    ) throws(CodedError) -> Thinking? {
        let efforts = steering?.efforts ?? []
        let asked = try askedEffort(of: request)
        if efforts.contains(where: { $0 != .off }) {
            let off: Thinking? = efforts.contains(.off) ? .disabled : nil
            if request.forcesTool { return off }
            switch (request.reasoning, asked) {
            case (nil, _): return nil
            case (_, nil): return .adaptive(nil)
            case (_, .off?):
                guard off == nil, steering?.refuses.contains(.noThinking) == true else { return off }
                return .adaptive(steering?.effort(nearest: .minimal))
            case (_, let effort?): return .adaptive(steering?.effort(nearest: effort))
            }
        }
        // A model that must call a tool, or go on with an answer that has begun, does not think before.
        if request.forcesTool || request.breaksThoughtOff || request.prefill != nil { return nil }
        if case .budget(let tokens) = request.reasoning, tokens > 0 {
            return .budget(max(tokens, Thinking.leastBudget))
        }
        switch asked {
        case nil: return request.reasoning == .adaptive ? .adaptive(nil) : nil
        case .off: return nil
        case .minimal, .low: return .budget(1024)
        case .medium: return .budget(4096)
        case .high, .xhigh, .max: return .budget(16_384)
        }
    }

    /// `nil` for as much as the model sees fit, and where nothing is said.
    private static func askedEffort(of request: ChatRequest) throws(CodedError) -> ThinkingEffort? {
        if case .budget(let tokens) = request.reasoning, tokens <= 0 { return .off }
        guard let word = request.reasoning?.effort else { return nil }
        if let effort = ThinkingEffort(rawValue: word) { return effort }
        let param = request.param(.effort)
        let all = ThinkingEffort.allCases.map(\.rawValue)
        throw CodedError(
            .invalidValue, "'\(param)' must be \(all.dropLast().joined(separator: ", ")) or \(all.last ?? "").",
            param: param)
    }

    // MARK: What is known of the model

    /// What the catalogue knows, else what a Claude's version tells: from 4.6 on they think as they see fit, from 4.7
    /// on they refuse a budget and sampling.
    static func steering(of call: ModelCall) -> Steering? {
        if let known = call.entry?.steering { return known }
        guard let version = version(of: call.model), version >= (4, 6) else { return nil }
        return Steering(
            efforts: [.low, .medium, .high, .max], refuses: version >= (4, 7) ? [.sampling] : [], source: "")
    }

    /// The version in the name of a Claude model: 4 and 5 of `claude-sonnet-4-5-20250929`.
    static func version(of model: String) -> (major: Int, minor: Int)? {
        let words = model.lowercased().split { "-./:@".contains($0) }
        guard let name = words.lastIndex(of: "claude") else { return nil }
        // Dates are numbers too, of eight digits.
        let version = words[(name + 1)...].drop { Int($0) == nil }.prefix { $0.utf8.count <= 2 && Int($0) != nil }
            .compactMap { Int($0) }
        return version.first.map { ($0, version.dropFirst().first ?? 0) }
    }
}

extension Reasoning {
    /// Whether Anthropic would know it as its own: seals of other providers look alike.
    func isProven(in dialect: Dialect) -> Bool {
        switch self {
        case .text(_, let signature): signature?.isEmpty == false
        case .sealed: dialect == .anthropic
        }
    }
}
