internal import Base
internal import HTTPClient
internal import Orchestrator
internal import Synchronization
internal import Telemetry

/// What outlives a configuration: made once, and handed to every world.
final class Lasting: Sendable {
    let environment: [String: String]
    let client: HTTPClient
    let logger: Logger
    let spans: MemorySpans
    let metrics: ServerMetrics
    let telemetry: ModelTelemetry
    let registry = RunRegistry()
    let liveRuns: LiveRuns
    let conversations: MemoryConversations
    /// Where turns of one conversation meet, whichever world they began in.
    let conversationMemory: ConversationMemory
    /// What experts have answered to the same input.
    let expertCache: MemoryExpertCache
    let drainState = DrainState()
    let gatekeeper: Gatekeeper
    let locals = LocalModelTable()
    let time: any TimeSource
    /// When the process started, in seconds since 1970.
    let started: Int64
    private let generator: Mutex<SeededGenerator>

    init(_ surroundings: App.Surroundings, level: LogLevel, time: any TimeSource, client: HTTPClient) {
        var generator = surroundings.generator
        environment = surroundings.environment
        self.client = client
        logger = Logger(sink: surroundings.log, level: level, time: time)
        spans = MemorySpans()
        // The first world says which targets there are, as every later one does.
        metrics = ServerMetrics(knownTargets: [], time: time)
        telemetry = ModelTelemetry(
            metrics: metrics, spans: spans, logger: logger, time: time, generator: generator.split())
        gatekeeper = Gatekeeper(.closed, meter: metrics.auth, logger: logger, time: time)
        liveRuns = LiveRuns(time: time)
        conversations = MemoryConversations(time: time)
        conversationMemory = ConversationMemory(conversations, time: time)
        expertCache = MemoryExpertCache(time: time)
        self.time = time
        started = time.wallTime().seconds
        self.generator = Mutex(generator)
    }

    /// What lasts follows the world that is in force from now on.
    func adopt(_ world: World) {
        gatekeeper.adopt(world.rule)
        metrics.follow(world.knownTargets)
        conversations.adopt(MemoryConversations.Limits(world.configuration.conversations))
    }

    /// Randomness of its own for a part of a world.
    func randomness() -> SeededGenerator { generator.withLock { $0.split() } }
}

/// The world in which new requests are answered. Whoever has it keeps it, however often it is replaced. Reading costs a
/// short lock and a reference count: 20 to 30 ns.
final class CurrentWorld: Sendable {
    private let world = Mutex<World?>(nil)

    /// `nil` before the first one is built, and when the server has stopped.
    var value: World? { world.withLock { $0 } }

    func replace(with next: World?) {
        let last = world.withLock { world in
            defer { world = next }
            return world
        }
        // Goes here, not under the lock: a world may end with its last reference, and its models with it.
        _ = last
    }
}
