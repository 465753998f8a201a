internal import Base
internal import Graph
internal import Models

/// Mends an answer that has not the form that its caller asked for: takes off a fence around it, else asks the model
/// once more, and says what was wrong.
enum RepairNode {
    static func run(
        _ request: ChatRequest, plan: Plan?, answer: ChatAnswer?, format: AnswerFormat?, violations: [String],
        gateway: Gateway, context: NodeContext<ChatEvent>, told: (FormatOutcome) -> Void
    ) async throws -> Shared<ChatAnswer> {
        guard let plan, var answer, let format else { throw CodedError(.internalError, "Nothing is to be mended.") }
        if let mended = format.unfenced(answer.completion) {
            told(.repaired)
            answer.completion = mended
            return Shared(answer)
        }
        // Who has answered knows best what it meant.
        let chain = [answer.target] + plan.chain.filter { $0 != answer.target }
        let second = try await gateway.answer(
            asking(request, again: answer.completion.text, violations), chain: chain, window: plan.window,
            streaming: false, context: context.run)
        let completion = try await whole(second.stream)
        let left = format.violations(in: completion)
        guard left.isEmpty else {
            told(.reported)
            throw ConformNode.error(left, of: second.target)
        }
        told(.repaired)
        return Shared(joined(answer, completion, second, gateway))
    }

    private static func asking(_ request: ChatRequest, again text: String, _ violations: [String]) -> ChatRequest {
        var request = request
        request.original = nil
        request.messages.append(ChatMessage(.assistant, text))
        request.messages.append(
            ChatMessage(
                .user,
                "That answer has not the form that was asked for: \(violations.joined(separator: " ")) "
                    + "Answer again, with JSON of that form and nothing else."))
        return request
    }

    private static func whole(_ stream: any ModelStream) async throws(CodedError) -> ChatCompletion {
        var assembler = Assembler()
        while let event = try await stream.next() { assembler.add(event) }
        return assembler.completion
    }

    /// Both answers were paid for.
    private static func joined(
        _ first: ChatAnswer, _ completion: ChatCompletion, _ second: Gateway.Answer, _ gateway: Gateway
    ) -> ChatAnswer {
        var completion = completion
        let ledger = gateway.record(second.target, completion.usage)
        if let used = first.completion.usage, let more = completion.usage { completion.usage = used.adding(more) }
        // The provider's own bytes tell of the second alone.
        completion.frame = nil
        return ChatAnswer(
            target: second.target, completion: completion, headers: second.stream.forwardedHeaders,
            attempts: first.attempts + second.attempts.count,
            ledger: first.ledger.flatMap { before in ledger.map { before.adding($0) } })
    }
}
