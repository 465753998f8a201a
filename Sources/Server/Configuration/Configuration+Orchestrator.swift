internal import Orchestrator

extension Configuration {
    /// Runs that outlive the connection of their client. Sizes are in bytes.
    public struct Runs: Sendable, Equatable {
        /// How long one goes on while nobody is connected to it.
        public internal(set) var grace = Duration.seconds(15)
        /// The events of one run that are kept.
        public internal(set) var ring = 10_000
        /// How long they are kept after its end.
        public internal(set) var keep = Duration.seconds(300)
        /// What the events of all runs may take together.
        public internal(set) var maxMemory = 64 << 20
        /// Those that are kept at once, ended ones included.
        public internal(set) var maxRuns = 1000
    }

    /// What is remembered between the turns of a conversation. Sizes are in bytes.
    public struct Conversations: Sendable, Equatable {
        /// How many are remembered at once.
        public internal(set) var max = 10_000
        /// How long a silent one is remembered.
        public internal(set) var ttl = Duration.seconds(3600)
        /// The last messages that go with the next one, by whole turns.
        public internal(set) var messages = 10
        /// What all of them may take together.
        public internal(set) var maxMemory = 64 << 20
    }
}

extension MemoryConversations.Limits {
    init(_ configuration: Configuration.Conversations) {
        self.init()
        conversations = configuration.max
        timeToLive = configuration.ttl
        memory = configuration.maxMemory
        messages = max(messages, configuration.messages)
    }
}
