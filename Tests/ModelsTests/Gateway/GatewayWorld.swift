import Base
import Models
import Resilience
import Synchronization
import Testing

/// A model in a script: each call plays the next one, and the last one for ever.
final class PlayedModel: ChatModel {
    struct Play: Sendable {
        var wait = Duration.zero
        var failure: CodedError?
        var events: [ModelEvent] = []
        var breaksWith: CodedError?
        /// Whether the stream goes on until it is cancelled.
        var isEndless = false
        var count: RateCount?

        static func text(_ pieces: String..., finish: Bool = true) -> Play {
            Play(
                events: pieces.map { ModelEvent(.text($0)) } + (finish ? [ModelEvent(.finish(.stop))] : []))
        }

        static func failing(_ code: ErrorCode, retryAfter: Duration? = nil) -> Play {
            Play(failure: CodedError(code, "It fails.", retryAfter: retryAfter))
        }

        static func breaking(_ pieces: String..., with code: ErrorCode = .providerStreamBroken) -> Play {
            Play(events: pieces.map { ModelEvent(.text($0)) }, breaksWith: CodedError(code, "It broke."))
        }

        func after(_ wait: Duration) -> Play {
            var play = self
            play.wait = wait
            return play
        }
    }

    private struct State {
        var plays: [Play]
        var calls: [ModelCall] = []
        var cancelled = 0
    }

    private let state: Mutex<State>
    private let clock: any TimeSource

    init(_ plays: [Play], clock: any TimeSource) {
        state = Mutex(State(plays: plays))
        self.clock = clock
    }

    var calls: [ModelCall] { state.withLock { $0.calls } }
    /// Streams that were cancelled before their end.
    var cancelled: Int { state.withLock { $0.cancelled } }

    func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        let play = state.withLock { state in
            state.calls.append(call)
            return state.plays.count > 1 ? state.plays.removeFirst() : state.plays.first ?? .text("ok")
        }
        if play.wait > .zero {
            do { try await clock.sleep(until: clock.now().advanced(by: play.wait)) } catch {
                state.withLock { $0.cancelled += 1 }
                throw CodedError(.cancelled, "The request was cancelled.")
            }
        }
        if let failure = play.failure { throw failure }
        return PlayedStream(play) { [weak self] in self?.state.withLock { $0.cancelled += 1 } }
    }
}

private final class PlayedStream: ModelStream {
    private let state: Mutex<(events: ArraySlice<ModelEvent>, isCancelled: Bool)>
    private let play: PlayedModel.Play
    private let onCancel: @Sendable () -> Void
    let rateCount: RateCount?

    init(_ play: PlayedModel.Play, onCancel: @escaping @Sendable () -> Void) {
        self.play = play
        self.onCancel = onCancel
        rateCount = play.count
        state = Mutex((play.events[...], false))
    }

    func next() async throws(CodedError) -> ModelEvent? {
        let (event, isCancelled) = state.withLock { ($0.events.popFirst(), $0.isCancelled) }
        if isCancelled { throw CodedError(.cancelled, "The request was cancelled.") }
        if let event { return event }
        if let broken = play.breaksWith { throw broken }
        return play.isEndless ? ModelEvent(.text(".")) : nil
    }

    func cancel() {
        let isFirst = state.withLock { state in
            defer { state.isCancelled = true }
            return !state.isCancelled
        }
        if isFirst { onCancel() }
    }
}

/// A gateway over played models, by the names of their providers.
struct GatewayWorld {
    let models: [String: PlayedModel]
    let gateway: Gateway
    let observer = RecordingObserver()

    init(
        _ plays: [String: [PlayedModel.Play]], _ settings: ResilienceSettings = ResilienceSettings(),
        providers: [String: ResilienceSettings] = [:], keys: [String: GatewayResilience.Keys] = [:],
        rows: [CatalogueRow] = [], clock: any TimeSource = TickingClock()
    ) {
        models = plays.mapValues { PlayedModel($0, clock: clock) }
        gateway = Gateway(
            models: models, catalogue: Catalogue.builtIn.merging(rows, providers: [:]),
            resilience: GatewayResilience(
                settings, providers: providers, keys: keys, time: clock, generator: SeededGenerator(seed: 7)),
            observer: observer, clock: clock)
    }

    static func route(_ names: [String], _ change: (inout Route) -> Void = { _ in }) -> Route {
        var route = Route(chain: names.compactMap { Target($0) })
        change(&route)
        return route
    }

    static func request(_ text: String = "Hello") -> ChatRequest {
        ChatRequest(model: "m", messages: [ChatMessage(.user, text)])
    }

    /// The whole text, and the model that the answer names in the end.
    @discardableResult
    func ask(
        _ route: Route, _ request: ChatRequest = Self.request(), streaming: Bool = true
    ) async throws -> (text: String, target: String, attempts: Int) {
        let answer = try await gateway.answer(request, route: route, streaming: streaming, context: testContext())
        var text = ""
        while let event = try await answer.stream.next() {
            if case .text(let piece) = event.kind { text += piece }
        }
        return (text, answer.target.name, answer.attempts.count)
    }

    func calls(of provider: String) -> [ModelCall] { models[provider]?.calls ?? [] }
}
