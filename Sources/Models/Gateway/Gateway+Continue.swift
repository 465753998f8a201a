internal import Base
internal import Resilience

extension Gateway {
    /// Asks another target of the chain to go on with an answer that broke off; only those that are known to be able to.
    /// - Throws: the error that broke the answer, when nobody goes on.
    func resumed(
        _ request: ChatRequest, _ question: Question, after broken: CodedError, from: Target
    ) async throws(CodedError) -> ContinuedStream.Resumed {
        let question = question.continued(by: request)
        let able = question.targets.filter {
            $0 != from && facts(of: $0).entry?.supports(.prefill) == true
        }
        // Each of them once: who reads has seen a part already, and waits.
        for target in able.prefix(question.settings.retry.maxAttempts) {
            if Task.isCancelled { throw CodedError(.cancelled, "The request was cancelled.") }
            resilience.record(of: target.provider).budget.offer()
            guard case .answered(let begun) = await ask(question, target, isLast: target == able.last).outcome else {
                continue
            }
            observer.happened(.continued(from: from, to: target, after: broken.code), context: question.context)
            begun.observed.choose()
            return ContinuedStream.Resumed(stream: begun.stream, target: target)
        }
        throw broken
    }
}
