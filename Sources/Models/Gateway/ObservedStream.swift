internal import Base
internal import HTTP
internal import Resilience
internal import Synchronization

/// A stream that tells how it goes: its circuit and its limits hear of the first token and of the end, and once it is
/// the answer, the observer hears of the end as well. Once each: at the end, the failure, the cancellation, or when it
/// is dropped.
final class ObservedStream: ModelStream {
    private struct State: ~Copyable {
        var rights: CallRights?
        /// `nil` once it has been told.
        var report: AnswerReport?
        var hasBegun = false
        /// Whether it came as a whole, whatever was asked for.
        var isWhole = false
        /// Whether somebody has chosen this stream as the answer; until then its end is an attempt's.
        var isAnswer = false
        var isOver = false

        /// Whether it is the first that a caller sees.
        mutating func note(_ event: ModelEvent, _ hasWhole: inout Bool) -> Bool {
            report?.note(event)
            if case .whole = event.kind {
                isWhole = true
                hasWhole = true
            }
            return !hasBegun && event.isVisible
        }

        mutating func begin(after time: Duration) -> CallRights? {
            hasBegun = true
            report?.timeToFirstEvent = time
            return rights.take()
        }
    }

    private let stream: any ModelStream
    private let started: Instant
    private let context: RunContext
    private let observer: any GatewayObserver
    private let clock: any TimeSource
    private let state: Mutex<State>

    init(
        _ stream: any ModelStream, rights: consuming CallRights?, report: AnswerReport, started: Instant,
        context: RunContext, observer: any GatewayObserver, clock: any TimeSource
    ) {
        self.stream = stream
        state = Mutex(State(rights: rights, report: report))
        self.started = started
        self.context = context
        self.observer = observer
        self.clock = clock
    }

    deinit { end(nil, isCancelled: true) }

    var forwardedHeaders: HTTPHeaders { stream.forwardedHeaders }
    var rateCount: RateCount? { stream.rateCount }
    var marks: AnswerMarks { stream.marks }

    /// From the start to the first token; `nil` before that.
    var timeToFirst: Duration? {
        state.withLock { state in state.hasBegun ? state.report?.timeToFirstEvent : nil }
    }

    /// This stream is what the caller gets. What has ended by now is told now.
    func choose() {
        let report = state.withLock { state -> AnswerReport? in
            state.isAnswer = true
            return state.isOver ? state.report.take() : nil
        }
        if let report { observer.answerEnded(report, context: context) }
    }

    func next() async throws(CodedError) -> ModelEvent? {
        do throws(CodedError) {
            guard let event = try await stream.next() else {
                end(nil)
                return nil
            }
            note(event)
            return event
        } catch {
            end(error)
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
            end(error)
            throw error
        }
    }

    func ready(_ count: Int, into events: inout [ModelEvent]) throws(CodedError) -> ModelRest {
        let first = events.count
        do throws(CodedError) {
            let rest = try stream.ready(count, into: &events)
            note(events, from: first)
            if case .end = rest { end(nil) }
            return rest
        } catch {
            note(events, from: first)
            end(error)
            throw error
        }
    }

    private func note(_ event: ModelEvent) {
        var isWhole = false
        let rights = state.withLock { state in
            state.note(event, &isWhole) ? state.begin(after: clock.now().since(started)) : nil
        }
        settle(rights, isWhole)
    }

    private func note(_ events: [ModelEvent], from first: Int) {
        var isWhole = false
        let rights = state.withLock { state -> CallRights? in
            var rights: CallRights?
            // By their places: an event that is held in the hand is copied.
            for place in first..<events.count where state.note(events[place], &isWhole) {
                rights = state.begin(after: clock.now().since(started))
            }
            return rights
        }
        settle(rights, isWhole)
    }

    private func settle(_ rights: consuming CallRights?, _ isWhole: Bool) {
        if let rights { begin(rights, isWhole: isWhole) }
        // Nothing follows a whole answer, and not every reader asks for its end.
        if isWhole { end(nil) }
    }

    /// The rights are taken out for it, since whoever hears of the first token is told outside of the lock.
    private func begin(_ rights: consuming CallRights, isWhole: Bool) {
        var rights: CallRights? = rights
        if !isWhole, let time = timeToFirst { rights?.begin(after: time) }
        var late = state.withLock { state -> CallRights? in
            // Cancelled meanwhile.
            if state.isOver { return rights.take() }
            state.rights = rights.take()
            return nil
        }
        late.take()?.end(.neutral, isWhole: false)
    }

    func cancel() {
        stream.cancel()
        end(nil, isCancelled: true)
    }

    /// What is left to do after the lock.
    private struct Ending: ~Copyable {
        var rights: CallRights?
        var end: CallEnd
        var isWhole: Bool
        var told: AnswerReport?
    }

    private func end(_ error: CodedError?, isCancelled: Bool = false) {
        var ending = state.withLock { state -> Ending? in
            guard !state.isOver else { return nil }
            state.isOver = true
            state.report?.error = isCancelled ? .cancelled : error?.code
            state.report?.duration = clock.now().since(started)
            let isWhole = state.isWhole || state.report?.streaming == false
            let end =
                isCancelled
                ? CallEnd.neutral
                : error.map { CallEnd(attempt: $0) } ?? .succeeded(after: state.report?.timeToFirstEvent ?? .zero)
            return Ending(
                rights: state.rights.take(), end: end, isWhole: isWhole,
                told: state.isAnswer ? state.report.take() : nil)
        }
        guard ending != nil, let end = ending?.end, let isWhole = ending?.isWhole else { return }
        ending?.rights.take()?.end(end, isWhole: isWhole)
        guard let told = ending?.told else { return }
        if let error, let limit = TimeLimit(error) {
            observer.happened(.timedOut(told.target, limit), context: context)
        }
        observer.answerEnded(told, context: context)
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
