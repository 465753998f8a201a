internal import Base
internal import HTTP
internal import HTTPClient
internal import Resilience
internal import Synchronization

/// A provider's body as a stream of events, within the time limits of its attempt. What is not asked for is not read
/// from the body, and while nobody asks no time between tokens passes.
///
/// Not generic over its decoder: a generic class looks its types up by their metadata at every event.
final class ProviderStream: ModelStream {
    private struct State {
        var decoder: any AnswerDecoder
        var limits: AttemptLimits
        var events: [ModelEvent] = []
        /// The next of `events`.
        var position = 0
        /// Whether anything of the answer has come.
        var hasToken = false
        /// Whether the answer is whole, as far as its provider has said.
        var hasFinished = false
        /// Whether its tokens have been counted, which is the last that a provider says.
        var hasUsage = false
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
    let rateCount: RateCount?
    private let body: any ResponseBody
    private let time: any TimeSource
    private let state: Mutex<State>
    /// The most events without anything of an answer that are kept for one; whoever sends more is read as asked for.
    private static let mostKept = 1000
    /// After the only finish reason this much silence is the end: some servers neither say it nor close the connection.
    private static let graceAfterFinish = Duration.seconds(2)
    /// The same when the usage has come as well, for which nobody has to wait any more.
    private static let graceAfterUsage = Duration.milliseconds(200)
    private let hasOneChoice: Bool

    init(
        _ body: any ResponseBody, decoder: any AnswerDecoder, hasOneChoice: Bool, headers: HTTPHeaders,
        rateCount: RateCount?, limits: AttemptLimits
    ) {
        self.body = body
        self.hasOneChoice = hasOneChoice
        self.rateCount = rateCount
        forwardedHeaders = headers
        time = limits.time
        state = Mutex(State(decoder: decoder, limits: limits))
    }

    /// Returns when something of the answer is there; throws when the stream fails or ends before.
    func waitForFirst() async throws(CodedError) {
        while true {
            let isThere = state.withLock { state -> Result<Bool, CodedError> in
                if state.hasToken || state.events.count >= Self.mostKept { return .success(true) }
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

    func ready(_ count: Int, into events: inout [ModelEvent]) throws(CodedError) -> ModelRest {
        let rest = state.withLock { state -> Result<ModelRest, CodedError> in
            let end = min(state.events.count, state.position + count)
            events.append(contentsOf: state.events[state.position..<end])
            state.position = end
            if end < state.events.count { return .success(.more) }
            if let failure = state.failure { return .failure(failure) }
            return .success(state.isOver ? .end : .later)
        }
        return try rest.get()
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

    /// Reads one piece, or finds why there is none. Costs two looks at the clock, and nothing else for the limits.
    private func readMore() async {
        let now = time.now()
        var end = state.withLock { state in
            state.limits.clock.record(.reading, now: now)
            let end = state.limits.nextEnd
            guard state.hasFinished else { return end }
            return min(end, now.advanced(by: state.hasUsage ? Self.graceAfterUsage : Self.graceAfterFinish))
        }
        while true {
            let supply: BodySupply
            do { supply = try await body.next(until: end) } catch { return fail(error) }
            switch supply {
            case .piece(let piece): return take(piece)
            case .end: return take(nil)
            case .later:
                guard let next = wait(beyond: end) else { return body.cancel() }
                end = next
            }
        }
    }

    /// Until when to wait on; `nil` when the time is over, or the answer.
    @inline(never)
    private func wait(beyond end: Instant) -> Instant? {
        // The body's word counts too, so that two clocks that differ cannot make this a loop without an end.
        let now = max(end, time.now())
        return state.withLock { state in
            if state.hasFinished {
                _ = Self.take(nil, now: now, into: &state)
                return nil
            }
            guard let limit = state.limits.clock.expired(now: now) else { return state.limits.nextEnd }
            if state.failure == nil { state.failure = limit.error }
            return nil
        }
    }

    @inline(never)
    private func fail(_ error: HTTPClientError) {
        let limits = state.withLock(\.limits)
        let coded = error.coded(streaming: true, limits: limits)
        let now = time.now()
        state.withLock { state in
            guard state.failure == nil else { return }
            // The answer is whole, however its transfer ends: only the usage may be missing.
            if state.hasFinished, coded.code != .cancelled {
                _ = Self.take(nil, now: now, into: &state)
                if state.isOver { return }
            }
            state.failure = coded
        }
    }

    @inline(never)
    private func take(_ piece: [UInt8]?) {
        let now = time.now()
        let (isOver, failed) = state.withLock { state in
            let isOver = Self.take(piece, now: now, into: &state)
            if hasOneChoice, !isOver { Self.noteEnd(in: &state) }
            return (isOver, state.failure != nil)
        }
        guard isOver, piece != nil else { return }
        if failed { body.cancel() } else { body.finish() }
    }

    private static func noteEnd(in state: inout State) {
        for event in state.events {
            switch event.kind {
            case .finish: state.hasFinished = true
            case .usage where state.hasFinished: state.hasUsage = true
            default: break
            }
        }
    }

    /// Whether nothing more is wanted from the body.
    private static func take(_ piece: [UInt8]?, now: Instant, into state: inout State) -> Bool {
        guard state.failure == nil else { return true }
        // Before the first token events are gathered; afterwards they are all taken when more is read.
        if state.position == state.events.count {
            state.events.removeAll(keepingCapacity: true)
            state.position = 0
        }
        let before = state.events.count
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
            // An event that was cut after the finish reason is dropped with the end.
            if piece == nil, state.hasFinished, (try? state.decoder.finish(into: &state.events)) != nil {
                state.isOver = true
            } else {
                state.failure = error
            }
        }
        if state.events[before...].contains(where: \.showsAnswer) {
            state.hasToken = true
            state.limits.clock.record(.token, now: now)
        }
        state.limits.clock.record(.paused, now: now)
        return state.isOver || state.failure != nil
    }
}

extension ModelEvent {
    /// Whether it holds anything of the answer: roles, pings and counts are none.
    fileprivate var showsAnswer: Bool {
        switch kind {
        case .other, .usage: false
        case .text, .reasoning, .signature, .sealedReasoning, .refusal, .toolCall, .finish, .whole: true
        }
    }
}
