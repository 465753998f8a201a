internal import Base
internal import Resilience

extension Gateway {
    /// Asks another target of the chain to go on with an answer that broke off; only those that are known to be able to.
    /// - Throws: the error that broke the answer, when nobody goes on.
    func resumed(
        _ request: ChatRequest, _ question: Question, after broken: CodedError, from: Target
    ) async throws(CodedError) -> ContinuedStream.Resumed {
        let question = question.asking(request)
        for seat in question.seats where seat.target != from {
            guard catalogue.entry(of: seat.target)?.supports(.prefill) == true else { continue }
            if Task.isCancelled { throw CodedError(.cancelled, "The request was cancelled.") }
            let started = clock.now()
            let outcome = await attempt(question, at: seat, isLast: false)
            let duration = clock.now().since(started)
            switch outcome {
            case .answered(let begun):
                observer.attemptEnded(
                    Attempt(target: seat.target, error: nil, duration: duration), context: question.context)
                observer.happened(
                    .continued(from: from, to: seat.target, after: broken.code), context: question.context)
                begun.observed.choose()
                return ContinuedStream.Resumed(stream: begun.stream, target: seat.target)
            case .failed(let failure):
                observer.attemptEnded(
                    Attempt(target: seat.target, error: failure.error, duration: duration), context: question.context)
            }
        }
        throw broken
    }
}
