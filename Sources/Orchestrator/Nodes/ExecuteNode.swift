internal import Base
internal import Graph
internal import Models

/// Calls the plan's models and passes on what they say as they say it.
enum ExecuteNode {
    static func run(
        _ request: ChatRequest, plan: Plan?, streaming: Bool, gateway: Gateway, context: NodeContext<ChatEvent>
    ) async throws -> Shared<ChatAnswer> {
        guard let plan else { throw CodedError(.internalError, "The turn has no plan.") }
        try await context.emit(.planned(plan))
        let answer = try await gateway.answer(
            request, route: plan.route, streaming: streaming, context: context.run
        ) { target, retry throws(CodedError) in
            do { try await context.emit(.retrying(target, retry)) } catch { throw CodedError(any: error) }
        }
        let headers = answer.stream.forwardedHeaders
        try await context.emit(.answering(answer.target, headers: headers, marks: answer.stream.marks))
        var assembler = Assembler()
        var shown = answer.target
        while true {
            var supply = try answer.stream.ready()
            if case .later = supply {
                supply = try await answer.stream.next().map { .event($0) } ?? .end
                // Only who waits can find another model at the other end.
                if answer.target != shown {
                    shown = answer.target
                    try await context.emit(.continuing(shown))
                }
            }
            guard case .event(let event) = supply else { break }
            assembler.add(event)
            try await context.emit(.model(event))
        }
        let completion = assembler.completion
        return Shared(
            ChatAnswer(
                target: answer.target, completion: completion, headers: headers, attempts: answer.attempts.count,
                ledger: gateway.record(answer.target, completion.usage), marks: answer.stream.marks))
    }
}
