internal import Base
internal import HTTP
internal import Resilience
internal import Synchronization

/// A stream that reports how it went, once: at its end, its failure, its cancellation or when it is dropped.
final class ObservedStream: ModelStream {
    private let stream: any ModelStream
    private let started: Instant
    private let context: RunContext
    private let observer: any GatewayObserver
    private let clock: any TimeSource
    /// Both are `nil` once they have been handed over.
    private let report: Mutex<AnswerReport?>
    private let permit: Mutex<CallPermit?>

    init(
        _ stream: any ModelStream, permit: consuming CallPermit?, report: AnswerReport, started: Instant,
        context: RunContext,
        observer: any GatewayObserver, clock: any TimeSource
    ) {
        self.stream = stream
        self.report = Mutex(report)
        self.permit = Mutex(permit)
        self.started = started
        self.context = context
        self.observer = observer
        self.clock = clock
    }

    deinit { end(.cancelled) }

    var forwardedHeaders: HTTPHeaders { stream.forwardedHeaders }

    func next() async throws(CodedError) -> ModelEvent? {
        do throws(CodedError) {
            guard let event = try await stream.next() else {
                end(nil)
                return nil
            }
            note(event)
            return event
        } catch {
            end(error.code)
            throw error
        }
    }

    func ready() throws(CodedError) -> ModelSupply {
        do throws(CodedError) {
            let supply = try stream.ready()
            switch supply {
            case .event(let event): note(event)
            case .end: end(nil)
            case .later: break
            }
            return supply
        } catch {
            end(error.code)
            throw error
        }
    }

    private func note(_ event: ModelEvent) {
        report.withLock { $0?.note(event) }
        // Nothing follows a whole answer, and not every reader asks for its end.
        if case .whole = event.kind { end(nil) }
    }

    func cancel() {
        stream.cancel()
        end(.cancelled)
    }

    private func end(_ error: ErrorCode?) {
        let finished = report.withLock { report in
            defer { report = nil }
            return report
        }
        guard var finished else { return }
        finished.error = error
        finished.duration = clock.now().since(started)
        if let permit = permit.withLock({ $0.take() }) { permit.end(finished.callEnd) }
        observer.answerEnded(finished, context: context)
    }
}

extension AnswerReport {
    /// A whole answer's time is its length's, and says nothing of how fast the provider is.
    fileprivate var callEnd: CallEnd {
        guard let error else { return .succeeded(after: streaming ? timeToFirstEvent : .zero) }
        return error.fault == .provider ? .failed(error) : .neutral
    }

    fileprivate mutating func note(_ event: ModelEvent) {
        events += 1
        switch event.kind {
        case .usage(let usage): self.usage = usage
        case .finish(let reason): finishReason = reason
        case .whole(let completion):
            usage = completion.usage
            finishReason = completion.choices.first?.finishReason
        default: break
        }
    }
}
