internal import Models

/// What one expert is asked.
enum ExpertRequest {
    /// An expert's output, for one that comes after it.
    struct Section: Sendable, Equatable {
        var name: String
        var text: String
    }

    /// Before the outputs of others, in the message that has them.
    static let preamble = "These are the results of others who worked on this conversation before you. Build on them."

    /// The expert's instructions, then the conversation, then what it gets from others.
    ///
    /// What shapes the answer itself (its form, its end, its length, tools) goes to those whose text may become the
    /// answer. Sampling goes to all, where the plan does not say otherwise.
    /// - Parameter tokens: The most that its answer may take by the plan's limits.
    static func request(
        _ request: ChatRequest, to expert: Plan.Expert, of plan: Plan, sections: [Section], tokens: Int?
    ) -> ChatRequest {
        var asked = request
        // The client's own bytes say something else.
        asked.original = nil
        asked.model = expert.model
        if let instructions = expert.instructions { asked.messages.insert(ChatMessage(.system, instructions), at: 0) }
        if let message = message(of: sections) { asked.messages.append(message) }
        let isLead = plan.isLead(expert.name)
        if !plan.fusion.speaks(expert.name, of: plan) { asked.forgetShape() }
        if !isLead {
            asked.logprobs = false
            asked.topLogprobs = nil
        }
        asked.offer(tools: expert.tools, isLead: isLead)
        let parameters = expert.parameters
        asked.temperature = parameters.temperature ?? asked.temperature
        asked.topP = parameters.topP ?? asked.topP
        asked.seed = parameters.seed ?? asked.seed
        let most = [parameters.maxTokens ?? asked.maxTokens, tokens].compactMap { $0 }.min()
        if most != asked.maxTokens { asked.limitAnswer(to: most) }
        return asked
    }

    /// One message with all that others have written, under their names; `nil` without any.
    static func message(of sections: [Section], after preamble: String = preamble) -> ChatMessage? {
        guard !sections.isEmpty else { return nil }
        let texts = sections.map { "## \($0.name)\n\n\($0.text)" }
        return ChatMessage(.user, ([preamble] + texts).joined(separator: "\n\n"))
    }
}

extension FusionRule {
    /// Whether what the expert writes may become the answer, or a part of it, word for word.
    fileprivate func speaks(_ name: String, of plan: Plan) -> Bool {
        switch self {
        case .synthesise: false
        case .lead, .best, .vote, .concatenate, .own: plan.fuses(name)
        }
    }
}

extension ChatRequest {
    /// Nothing of what the client wants its answer to look like.
    fileprivate mutating func forgetShape() {
        responseFormat = nil
        formatField = nil
        stop = []
        limitAnswer(to: nil)
    }

    /// The most tokens of one answer, which is no longer the client's word.
    mutating func limitAnswer(to tokens: Int?) {
        maxTokens = tokens
        maxTokensField = "max_tokens"
    }

    /// Leaves the tools that an expert may call.
    fileprivate mutating func offer(tools allowed: [String]?, isLead: Bool) {
        if allowed == nil, isLead { return }
        let offered = tools.filter { allowed?.contains($0.name) ?? false }
        if offered.isEmpty {
            // Some providers take a conversation in which tools were called only together with those tools.
            let wereCalled = messages.contains { !$0.toolCalls.isEmpty || $0.role == .tool }
            if !wereCalled { tools = [] }
            toolChoice = wereCalled && !tools.isEmpty ? ToolChoice.none : nil
            parallelToolCalls = nil
            return
        }
        tools = offered
        if case .function(let name)? = toolChoice, !offered.contains(where: { $0.name == name }) { toolChoice = nil }
    }
}
