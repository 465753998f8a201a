internal import Base
internal import HTTP
internal import Resilience
internal import Synchronization

/// An answer that is silent or breaks off where its plan says. What comes before goes through as it is.
final class ChaosStream: ModelStream {
    private struct State {
        var course: ChaosCourse
        var watch: ChaosWatch
        /// Thrown from here on.
        var failure: CodedError?
        /// The silence that the reader waits for.
        var nap: Task<Bool, Never>?
    }

    private let stream: any ModelStream
    private let time: any TimeSource
    private let state: Mutex<State>

    init(_ stream: any ModelStream, plan: ChaosPlan, watch: ChaosWatch, time: any TimeSource) {
        self.stream = stream
        self.time = time
        state = Mutex(State(course: ChaosCourse(plan), watch: watch))
    }

    var forwardedHeaders: HTTPHeaders { stream.forwardedHeaders }
    var rateCount: RateCount? { stream.rateCount }
    var marks: AnswerMarks {
        var marks = stream.marks
        marks.isChaotic = true
        return marks
    }

    /// Carries out what comes before the first event: until then another model may still answer.
    func begin() async throws(CodedError) {
        while true {
            switch try step() {
            case .stall(let duration): try await pause(for: duration)
            case .cut: throw end(.chaosCut())
            case .show, .pass: return
            }
        }
    }

    func ready() throws(CodedError) -> ModelSupply {
        // Holding an event back is followed by what it waits for.
        while true {
            switch try step() {
            case .stall: return .later
            case .cut: throw end(.chaosCut())
            case .show(let supply): return supply
            case .pass:
                let supply = try stream.ready()
                if admits(supply) { return supply }
            }
        }
    }

    func next() async throws(CodedError) -> ModelEvent? {
        while true {
            switch try step() {
            case .stall(let duration): try await pause(for: duration)
            case .cut: throw end(.chaosCut())
            case .show(let supply): return supply.event
            case .pass:
                let supply = try await stream.next().map { ModelSupply.event($0) } ?? .end
                if admits(supply) { return supply.event }
            }
        }
    }

    func cancel() {
        _ = end(CodedError(.cancelled, "The request was cancelled."))
    }

    private func step() throws(CodedError) -> ChaosCourse.Step {
        try state.withLock { state -> Result<ChaosCourse.Step, CodedError> in
            if let failure = state.failure { return .failure(failure) }
            return .success(state.course.step())
        }.get()
    }

    private func admits(_ supply: ModelSupply) -> Bool { state.withLock { $0.course.admits(supply) } }

    /// The first end stays.
    private func end(_ error: CodedError) -> CodedError {
        let (told, nap) = state.withLock { state in
            let told = state.failure ?? error
            state.failure = told
            return (told, state.nap)
        }
        nap?.cancel()
        stream.cancel()
        return told
    }

    private func pause(for duration: Duration) async throws(CodedError) {
        let now = time.now()
        let silence = state.withLock { state in
            state.watch.silence(of: duration, hasBegun: state.course.shown > 0, now: now)
        }
        let nap = Task { [time] in
            do throws(CancellationError) { try await time.sleep(until: silence.end) } catch { return false }
            return true
        }
        let isOver = state.withLock { state in
            state.nap = nap
            return state.failure != nil
        }
        // A cancellation before this found no nap to end.
        if isOver { nap.cancel() }
        let isRested = await withTaskCancellationHandler {
            await nap.value
        } onCancel: {
            nap.cancel()
        }
        state.withLock { state in
            state.nap = nil
            state.course.hasStalled()
        }
        if !isRested { throw end(CodedError(.cancelled, "The request was cancelled.")) }
        if let limit = silence.limit { throw end(limit.error) }
    }
}

extension ModelSupply {
    fileprivate var event: ModelEvent? { if case .event(let event) = self { event } else { nil } }
}
