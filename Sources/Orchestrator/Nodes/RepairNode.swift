internal import Base
internal import Graph
internal import Models
internal import Resilience

/// Mends an answer that has not the form that its caller asked for: takes off a fence around it, else asks the model
/// once more, and says what was wrong.
enum RepairNode {
    static func run(
        _ request: ChatRequest, plan: Plan?, answer: ChatAnswer?, format: AnswerFormat?, violations: [String],
        gateway: Gateway, guards: GuardSettings, time: any TimeSource, context: NodeContext<ChatEvent>,
        told: (FormatOutcome) -> Void
    ) async throws -> Shared<ChatAnswer> {
        guard let plan, var answer, let format else { throw CodedError(.internalError, "Nothing is to be mended.") }
        if let mended = format.unfenced(answer.completion) {
            told(.repaired)
            answer.completion = mended
            return Shared(answer)
        }
        let failure = ConformNode.error(violations, of: answer.target)
        guard let again = request.asking(again: demand(violations), after: answer.completion.text) else {
            told(.reported)
            throw failure
        }
        // Who has answered knows best what it meant.
        var route = answer.route ?? plan.route
        route.chain = [answer.target] + route.chain.filter { $0 != answer.target }
        (route.strategy, route.weights) = (.order, [])
        do throws(CodedError) {
            let second = try await gateway.answer(
                again, route: route, streaming: false, context: context.run)
            let reader = try await read(second, guards, time)
            var completion = reader.completion
            guard let choice = completion.choices.first, AnswerFormat.isAnswer(choice) else { throw failure }
            if case .violates = await ConformNode.verdict(of: format, on: completion) {
                guard let mended = format.unfenced(completion) else { throw failure }
                completion = mended
            }
            told(.repaired)
            return Shared(joined(answer, completion, reader, second, gateway))
        } catch {
            // The caller did not ask for the second call, so its faults are none of the caller's.
            if [.cancelled, .deadlineExceeded, .shuttingDown].contains(error.code) { throw error }
            told(.reported)
            throw failure
        }
    }

    private static func demand(_ violations: [String]) -> String {
        "That answer has not the form that was asked for: \(violations.joined(separator: " ")) "
            + "Answer again, with JSON of that form and nothing else."
    }

    /// To its end.
    private static func read(
        _ answer: Gateway.Answer, _ guards: GuardSettings, _ time: any TimeSource
    ) async throws(CodedError) -> AnswerReader {
        var reader = AnswerReader(answer, guards, time: time)
        while case .event = try await reader.next() {}
        return reader
    }

    /// Both answers were paid for.
    private static func joined(
        _ first: ChatAnswer, _ completion: ChatCompletion, _ reader: AnswerReader, _ second: Gateway.Answer,
        _ gateway: Gateway
    ) -> ChatAnswer {
        var completion = completion
        let ledger = gateway.record(second, completion.usage)
        if let used = first.completion.usage, let more = completion.usage { completion.usage = used.adding(more) }
        // The provider's own bytes tell of the second alone.
        completion.frame = nil
        var answer = first
        answer.target = second.target
        answer.completion = completion
        answer.headers = second.stream.forwardedHeaders
        answer.attempts += second.attempts.count
        answer.ledger = first.ledger.flatMap { before in ledger.map { before.adding($0) } }
        answer.findings = reader.findings
        answer.times.guarding += reader.guardingTime
        // The second was asked for on the ground of the first.
        answer.marks = second.stream.marks.merging(first.marks)
        answer.marks.isRedacted = reader.findings.isRedacted
        return answer
    }
}
