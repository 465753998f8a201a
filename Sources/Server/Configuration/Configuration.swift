public import Base
public import Models
public import Orchestrator
public import Resilience

/// Everything that can be set, checked and complete: a snapshot that never changes. `docs/configuration.md` lists
/// every key; `ConfigurationKey.all` maps the fixed ones to these fields.
public struct Configuration: Sendable, Equatable {
    public internal(set) var server = Server()
    public internal(set) var auth = Auth()
    public internal(set) var log = Log()
    /// What happens when providers fail, where neither the provider nor the model's name says otherwise.
    public internal(set) var resilience = ResilienceSettings()
    /// Faults that are put into calls on purpose.
    public internal(set) var chaos = ChaosSettings()
    public internal(set) var structuredOutput = StructuredOutput()
    public internal(set) var flags = Flags()
    /// What is looked for in what goes in and comes out.
    public internal(set) var guards = GuardSettings()
    public internal(set) var runs = Runs()
    public internal(set) var conversations = Conversations()
    public internal(set) var phases = Phases()
    /// The providers that can be used, in the order of the file.
    public internal(set) var providers: [Provider] = []
    /// The aliases with at least one usable model, in the order of the file.
    public internal(set) var aliases: [ModelAlias] = []
    /// What the file says of models, over the built-in catalogue; in the order of the file.
    public internal(set) var catalogue: [CatalogueRow] = []
    /// In the order of the file; one whose models cannot be used is among them.
    public internal(set) var plans: [PlanTemplate] = []

    /// The server and its limits. Sizes are in bytes.
    public struct Server: Sendable, Equatable {
        /// The address to listen on.
        public internal(set) var listen = ListenAddress(loopbackPort: 8080)
        /// The folder for what must last.
        public internal(set) var data = "./data"
        /// Names besides IP addresses and localhost that a `Host` header may give, in lower case.
        public internal(set) var hosts: [String] = []
        /// Web origins (`https://app.example`) that may send requests, in lower case; none by default.
        public internal(set) var origins: [String] = []
        /// Certificate and key in PEM files; without them the server speaks plain HTTP.
        public internal(set) var tls = TLS()
        /// The largest request body.
        public internal(set) var maxBody = 10 << 20
        /// Connections open at once; further ones are closed.
        public internal(set) var maxConnections = 16_384
        /// The longest request line.
        public internal(set) var maxLine = 8 << 10
        /// The largest header section.
        public internal(set) var maxHeaders = 32 << 10
        /// The time for a request's line and headers to arrive.
        public internal(set) var headerTimeout = Duration.seconds(10)
        /// Between two pieces of a request's body.
        public internal(set) var bodyTimeout = Duration.seconds(30)
        /// How long a connection may wait for its next request.
        public internal(set) var idleTimeout = Duration.seconds(75)
        /// How long a client may read nothing of what is sent to it.
        public internal(set) var writeTimeout = Duration.seconds(60)
        /// For a whole body.
        public internal(set) var bodyTotal = Duration.seconds(300)
        /// The bytes of a body that must come in a second, on average; 0 for no such limit.
        public internal(set) var minRate = 500
        /// The bytes of what waits for a client that it must take in a second, on average; 0 for no such limit.
        public internal(set) var minWriteRate = 500
        /// Connections of one client open at once; 0 for no such limit. Beyond loopback ``connectionsPerStranger``
        /// where nobody sets it.
        public internal(set) var maxConnectionsPerAddress = 0
        /// What the bodies of all requests may take; 0 for no such limit.
        public internal(set) var maxMemory = 256 << 20
        /// From which size on JSON answers are compressed; 0 for never.
        public internal(set) var gzipFrom = 16 << 10
        /// Addresses and blocks of them, whose word on the client's address is believed.
        public internal(set) var trustedProxies: [String] = []
        /// The request headers that pages of `origins` may send, in lower case; empty for all.
        public internal(set) var corsHeaders: [String] = []
        /// How long a browser may remember what such a page may send.
        public internal(set) var corsMaxAge = Duration.seconds(600)
        /// How long running answers may take to end after a stop was asked for.
        public internal(set) var drain = Duration.seconds(30)
        /// The longest silence in an event stream.
        public internal(set) var heartbeat = Duration.seconds(15)
    }

    /// The files for HTTPS: both are named, or none.
    public struct TLS: Sendable, Equatable {
        /// The server's certificate, followed by its chain; empty for none.
        public internal(set) var certificate = ""
        /// The key, unencrypted; empty for none.
        public internal(set) var key = ""

        public var isOn: Bool { !certificate.isEmpty && !key.isEmpty }
    }

    public struct Log: Sendable, Equatable {
        public internal(set) var level = LogLevel.info
    }

    /// Answers whose callers gave a JSON schema.
    public struct StructuredOutput: Sendable, Equatable {
        public internal(set) var onViolation = ViolationPolicy.repair
    }

    /// Capabilities that can be switched off while the server runs.
    public struct Flags: Sendable, Equatable {
        /// Whether clients may use OpenAI's Responses.
        public internal(set) var responses = true
        /// Whether clients may ask for embeddings.
        public internal(set) var embeddings = true
    }

    /// What is written to the log: its own severity and those above.
    public enum LogLevel: String, Sendable, CaseIterable {
        case trace, debug, info, warning, error
    }
}

extension Configuration {
    /// A wire format, or the models inside this process.
    public enum Dialect: String, Sendable, CaseIterable {
        case openai, anthropic, local
    }

    /// Who serves models.
    public struct Provider: Sendable, Equatable {
        public let name: String
        public let service: Service
        /// The models it is known to serve: those it lists and those that chains name, in the provider's own words.
        public internal(set) var models: [String]
        /// Whether `provider/anything` resolves, not only `models`.
        public let allowsAnyModel: Bool
        /// What holds for calls to it, complete.
        public let resilience: ResilienceSettings

        public var dialect: Dialect {
            switch service {
            case .remote(let remote): remote.dialect
            case .local: .local
            }
        }
    }

    public enum Service: Sendable, Equatable {
        case remote(Remote)
        /// A model in this process: a known one by name, or a GGUF file by path.
        case local(model: String, path: String?)
    }

    /// How a provider elsewhere is reached.
    public struct Remote: Sendable, Equatable {
        public let dialect: Dialect
        public let baseURL: BaseURL
        /// Calls are spread over them; none for a provider that wants no key.
        public let apiKeys: [Secret]
        public let keyStrategy: KeyStrategy
        public let proxy: BaseURL?
        /// Whether streams are asked for their usage.
        public let asksForUsage: Bool
        /// Whether it answers OpenAI's Responses itself; for others they are translated.
        public let hasResponses: Bool
    }

    /// A name for models in order of preference.
    public struct ModelAlias: Sendable, Equatable {
        public let name: String
        /// Never empty; every provider in it is in `providers`.
        public let chain: [ModelTarget]
        /// Those of the chain's models, in its order.
        public let weights: [Double]
        /// How calls are spread over the chain.
        public let strategy: BalanceStrategy
        /// The context window in tokens, where the file says one.
        public let window: Int?
        /// What holds for calls by this name, complete, but for the time limits of providers: for each member of the
        /// chain. Empty where the file says nothing of it.
        public let resilience: [ResilienceSettings]
        /// The time limits that the file gives the name, over those of the provider that is asked.
        public let timeouts: TimeoutOverrides
    }

    /// One model of one provider.
    public struct ModelTarget: Sendable, Hashable, CustomStringConvertible {
        public let provider: String
        public let model: String
        public var description: String { "\(provider)/\(model)" }
    }

    public func provider(_ name: String) -> Provider? { providers.first { $0.name == name } }

    /// The model for a caller that names none: the alias `auto`, else the first name that resolves.
    public var defaultModel: String? {
        let auto = BuiltInConfiguration.fallbackAlias
        return aliases.contains { $0.name == auto } ? auto : modelNames.first
    }

    /// Every model name that resolves, in stable order: the aliases, then each provider's models. A provider that
    /// allows any model resolves more than it lists.
    public var modelNames: [String] {
        let aliasNames = aliases.map(\.name)
        let known = Set(aliasNames)
        let concrete = providers.flatMap { provider in provider.models.map { "\(provider.name)/\($0)" } }
        return aliasNames + concrete.filter { !known.contains($0) }
    }
}
