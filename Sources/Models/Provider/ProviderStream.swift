internal import Base
internal import HTTP
internal import HTTPClient
internal import Synchronization

/// A provider's body as a stream of events. What is not asked for is not read from the body.
final class ProviderStream<Decoder: AnswerDecoder>: ModelStream {
    private struct State {
        var decoder: Decoder
        var events: [ModelEvent] = []
        /// The next of `events`.
        var position = 0
        /// Thrown once the events before it are taken.
        var failure: CodedError?
        var isOver = false
    }

    private enum Step {
        case event(ModelEvent)
        case failed(CodedError)
        case over
        case needsBytes
    }

    let forwardedHeaders: HTTPHeaders
    private let body: any ResponseBody
    private let deadline: Deadline
    private let state: Mutex<State>

    init(_ body: any ResponseBody, decoder: Decoder, headers: HTTPHeaders, deadline: Deadline) {
        self.body = body
        self.deadline = deadline
        forwardedHeaders = headers
        state = Mutex(State(decoder: decoder))
    }

    /// Returns when an event is there; throws when the stream fails or ends before.
    func waitForFirst() async throws(CodedError) {
        while true {
            let isThere = state.withLock { state -> Result<Bool, CodedError> in
                if !state.events.isEmpty { return .success(true) }
                if let failure = state.failure { return .failure(failure) }
                guard state.isOver else { return .success(false) }
                return .failure(CodedError(.providerInvalidAnswer, "The provider's stream holds no answer."))
            }
            if try isThere.get() { return }
            await readMore()
        }
    }

    func ready() throws(CodedError) -> ModelSupply {
        switch state.withLock({ Self.step(&$0) }) {
        case .event(let event): return .event(event)
        case .failed(let error): throw error
        case .over: return .end
        case .needsBytes: return .later
        }
    }

    func next() async throws(CodedError) -> ModelEvent? {
        while true {
            switch state.withLock({ Self.step(&$0) }) {
            case .event(let event): return event
            case .failed(let error): throw error
            case .over: return nil
            case .needsBytes: await readMore()
            }
        }
    }

    func cancel() {
        state.withLock { state in
            state.events = []
            state.position = 0
            state.failure = CodedError(.cancelled, "The request was cancelled.")
        }
        body.cancel()
    }

    private static func step(_ state: inout State) -> Step {
        if state.position < state.events.count {
            defer { state.position += 1 }
            return .event(state.events[state.position])
        }
        if let failure = state.failure { return .failed(failure) }
        if state.isOver { return .over }
        return .needsBytes
    }

    private func readMore() async {
        let piece: [UInt8]?
        do { piece = try await body.next() } catch {
            let coded = error.coded(streaming: true, deadline: deadline)
            return state.withLock { state in
                if state.failure == nil { state.failure = coded }
            }
        }
        let (isOver, failed) = state.withLock { state in
            let isOver = Self.take(piece, into: &state)
            return (isOver, state.failure != nil)
        }
        guard isOver, piece != nil else { return }
        if failed { body.cancel() } else { body.finish() }
    }

    /// Whether nothing more is wanted from the body.
    private static func take(_ piece: [UInt8]?, into state: inout State) -> Bool {
        guard state.failure == nil else { return true }
        state.events.removeAll(keepingCapacity: true)
        state.position = 0
        do throws(CodedError) {
            if let piece {
                try state.decoder.feed(piece, into: &state.events)
                // The provider's own end of the answer: a connection that stays open delays nobody.
                if state.decoder.isDone { state.isOver = true }
            } else {
                try state.decoder.finish(into: &state.events)
                state.isOver = true
            }
        } catch {
            state.failure = error
        }
        return state.isOver || state.failure != nil
    }
}
