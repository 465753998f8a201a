public import Base
public import Resilience
internal import Synchronization

/// Another model with faults on purpose before it: waits, errors as a provider makes them, answers that are silent or
/// break off. What it touches is marked, and errors that it makes have the `detail` "chaos"; a time limit that ends a
/// wait is told as any other. Calls for vectors and counts pass through untouched.
public final class ChaosModel<Model: ChatModel>: ChatModel {
    let model: Model
    private let provider: String
    private let settings: ChaosSettings
    private let observer: (any GatewayObserver)?
    private let time: any TimeSource
    private let generator: Mutex<SeededGenerator>

    /// - Parameters:
    ///   - provider: The model's provider, as `observer` is told of it.
    ///   - observer: Told of every call that is touched, before it is.
    public init(
        _ model: Model, of provider: String, settings: ChaosSettings, observer: (any GatewayObserver)? = nil,
        time: any TimeSource, generator: SeededGenerator
    ) {
        self.model = model
        self.provider = provider
        self.settings = settings
        self.observer = observer
        self.time = time
        self.generator = Mutex(generator)
    }

    /// - Throws: what was drawn, what the model throws, `provider_timeout` or `deadline_exceeded` where a wait is
    ///   longer than the call's limits, `cancelled` at once when the task is.
    public func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        let drawn = generator.withLock { ChaosPlan.draw(settings, using: &$0) }
        guard !drawn.isNone else { return try await model.start(call, context: context) }
        let plan = call.streaming ? drawn : drawn.ofWholeAnswer
        observer?.happened(.chaos(Target(provider: provider, model: call.model)), context: context)
        var watch = try ChaosWatch(call, deadline: context.deadline, now: time.now())
        var call = call
        if let latency = plan.latency {
            let silence = watch.silence(of: latency, hasBegun: false, now: time.now())
            do throws(CancellationError) { try await time.sleep(until: silence.end) } catch {
                throw CodedError(.cancelled, "The request was cancelled.")
            }
            if let limit = silence.limit { throw limit.error }
            call.timeouts = watch.rest(of: call.timeouts, now: time.now())
        }
        if let failure = plan.failure { throw .chaos(failure) }
        let stream = ChaosStream(try await model.start(call, context: context), plan: plan, watch: watch, time: time)
        try await stream.begin()
        return stream
    }
}

extension ChaosModel: EmbeddingModel where Model: EmbeddingModel {
    public func embed(
        _ request: EmbeddingRequest, model name: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> EmbeddingAnswer {
        try await model.embed(request, model: name, key: key, timeouts: timeouts, context: context)
    }
}

extension ChaosModel: TokenCounter where Model: TokenCounter {
    public func countTokens(
        of request: ChatRequest, model name: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> [UInt8]? {
        try await model.countTokens(of: request, model: name, key: key, timeouts: timeouts, context: context)
    }
}

extension ChaosSettings {
    /// Models by their providers' names, with faults before those that are meant; as they are when nothing is to be
    /// done.
    public func applied(
        to models: [String: any ChatModel], observer: (any GatewayObserver)?, time: any TimeSource,
        generator: SeededGenerator
    ) -> [String: any ChatModel] {
        guard isEnabled else { return models }
        var generator = generator
        var models = models
        // In the names' order, so that a seed means the same in every process.
        for (name, model) in models.sorted(by: { $0.key < $1.key }) where means(name) {
            models[name] = wrapped(model, name, observer, time, generator.split())
        }
        return models
    }

    private func wrapped(
        _ model: some ChatModel, _ name: String, _ observer: (any GatewayObserver)?, _ time: any TimeSource,
        _ generator: SeededGenerator
    ) -> any ChatModel {
        ChaosModel(model, of: name, settings: self, observer: observer, time: time, generator: generator)
    }
}
