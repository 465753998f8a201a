internal import Base
internal import HTTP
internal import Synchronization

/// A stream that another target goes on with when it breaks off after a part of it was shown.
final class ContinuedStream: ModelStream {
    /// An answer that goes on where another broke off.
    struct Resumed: Sendable {
        var stream: any ModelStream
        var target: Target
    }

    /// Asks a target that can go on with an answer, which is the last message of the request; the error is what ended
    /// the stream before.
    typealias Resume = @Sendable (ChatRequest, CodedError) async throws(CodedError) -> Resumed

    private struct State {
        var stream: any ModelStream
        var core: Continuation
        /// What is to be given before anything is read.
        var queue: [ModelEvent] = []
        var position = 0
        /// What ``ready()`` has found, and only ``next()`` can mend.
        var broken: CodedError?
        var isOver = false
        /// Thrown for good.
        var failure: CodedError?
        /// Of the streams that have broken off.
        var marks = AnswerMarks()
        /// Of the first stream, once it has broken off.
        var retired: RateCount??
    }

    private enum Step {
        case event(ModelEvent)
        case over
        case failed(CodedError)
        case broken(CodedError)
        case read(any ModelStream)
    }

    let forwardedHeaders: HTTPHeaders
    private let state: Mutex<State>
    private let resume: Resume
    private let onContinue: @Sendable (Target, BrokenPart) -> Void

    /// - Parameters:
    ///   - request: What `stream` answers.
    ///   - onContinue: Told of each target that goes on, before the first event of its, and of what the one before
    ///     has given; called outside of all locks, must not block.
    init(
        _ stream: any ModelStream, request: ChatRequest, resume: @escaping Resume,
        onContinue: @escaping @Sendable (Target, BrokenPart) -> Void
    ) {
        forwardedHeaders = stream.forwardedHeaders
        state = Mutex(State(stream: stream, core: Continuation(request)))
        self.resume = resume
        self.onContinue = onContinue
    }

    /// Of the first target, which the headers are of as well.
    var rateCount: RateCount? {
        let (retired, stream) = state.withLock { ($0.retired, $0.stream) }
        return retired ?? stream.rateCount
    }

    /// Of all that have taken part.
    var marks: AnswerMarks {
        let (marks, stream) = state.withLock { ($0.marks, $0.stream) }
        return marks.merging(stream.marks)
    }

    func ready() throws(CodedError) -> ModelSupply {
        while true {
            switch state.withLock({ Self.step(&$0) }) {
            case .event(let event): return .event(event)
            case .over: return .end
            case .failed(let error): throw error
            case .broken: return .later
            case .read(let stream):
                let supply: ModelSupply
                do throws(CodedError) { supply = try stream.ready() } catch {
                    state.withLock { $0.broken = error }
                    // Where nothing can go on, the error is known now.
                    if try settled(error) { continue }
                    return .later
                }
                switch supply {
                case .event(let event): if let shown = accept(event) { return .event(shown) }
                case .end: end()
                case .later: return .later
                }
            }
        }
    }

    func next() async throws(CodedError) -> ModelEvent? {
        while true {
            switch state.withLock({ Self.step(&$0) }) {
            case .event(let event): return event
            case .over: return nil
            case .failed(let error): throw error
            case .broken(let error): if try !settled(error) { try await goOn(after: error) }
            case .read(let stream):
                do throws(CodedError) {
                    guard let event = try await stream.next() else {
                        end()
                        continue
                    }
                    if let shown = accept(event) { return shown }
                } catch {
                    state.withLock { $0.broken = error }
                }
            }
        }
    }

    func cancel() {
        let stream = state.withLock { state in
            state.queue = []
            state.position = 0
            state.failure = Self.cancelled
            return state.stream
        }
        stream.cancel()
    }

    private static let cancelled = CodedError(.cancelled, "The request was cancelled.")

    private static func step(_ state: inout State) -> Step {
        if state.position < state.queue.count {
            defer { state.position += 1 }
            return .event(state.queue[state.position])
        }
        if let failure = state.failure { return .failed(failure) }
        if state.isOver { return .over }
        if let broken = state.broken { return .broken(broken) }
        return .read(state.stream)
    }

    /// What is to be given of the event at once; of a stream that goes on, everything is put into the queue.
    private func accept(_ event: ModelEvent) -> ModelEvent? {
        state.withLock { state in
            guard state.core.isContinued else {
                state.core.note(event)
                return event
            }
            state.queue.removeAll(keepingCapacity: true)
            state.position = 0
            if state.failure == nil { state.core.take(event, into: &state.queue) }
            return nil
        }
    }

    private func end() {
        state.withLock { state in
            state.queue.removeAll(keepingCapacity: true)
            state.position = 0
            state.isOver = true
            if state.failure == nil { state.core.end(into: &state.queue) }
        }
    }

    /// Whether the answer is over in spite of the error; throws it where nothing can go on.
    private func settled(_ error: CodedError) throws(CodedError) -> Bool {
        let result = state.withLock { state -> Result<Bool, CodedError> in
            if let failure = state.failure { return .failure(failure) }
            switch state.core.verdict(after: error) {
            case .end: state.isOver = true
            case .fail:
                state.failure = error
                return .failure(error)
            case .resume: return .success(false)
            }
            return .success(true)
        }
        return try result.get()
    }
}

// MARK: - Going on

extension ContinuedStream {
    private func goOn(after error: CodedError) async throws(CodedError) {
        guard case .resume(let request) = state.withLock({ $0.core.verdict(after: error) }) else { return }
        let resumed: Resumed
        do throws(CodedError) { resumed = try await resume(request, error) } catch let other {
            // The caller hears why the answer broke off, not why nobody could go on; but of its own will it knows.
            let told = other.code == .cancelled || Task.isCancelled ? Self.cancelled : error
            state.withLock { state in
                if state.failure == nil { state.failure = told }
            }
            return
        }
        let before = state.withLock { $0.stream }
        let (marks, count) = (before.marks, before.rateCount)
        let part = state.withLock { state -> BrokenPart? in
            if state.failure != nil { return nil }
            state.marks = state.marks.merging(marks)
            if state.retired == nil { state.retired = .some(count) }
            state.stream = resumed.stream
            state.broken = nil
            return state.core.resume()
        }
        // Cancelled meanwhile.
        guard let part else { return resumed.stream.cancel() }
        onContinue(resumed.target, part)
    }
}
