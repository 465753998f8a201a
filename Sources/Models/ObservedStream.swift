internal import Base
internal import HTTP
internal import Synchronization

/// A stream that reports how it went, once: at its end, its failure, its cancellation or when it is dropped.
final class ObservedStream: ModelStream {
    private let stream: any ModelStream
    private let started: Instant
    private let context: RunContext
    private let observer: any GatewayObserver
    private let clock: any TimeSource
    /// `nil` once it has been handed over.
    private let report: Mutex<AnswerReport?>

    init(
        _ stream: any ModelStream, report: AnswerReport, started: Instant, context: RunContext,
        observer: any GatewayObserver, clock: any TimeSource
    ) {
        self.stream = stream
        self.report = Mutex(report)
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
        observer.answerEnded(finished, context: context)
    }
}

extension AnswerReport {
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
