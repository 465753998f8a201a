public import Base
public import Resilience

/// One model at one provider. Copying costs one reference count.
public struct Target: Sendable, Hashable, CustomStringConvertible {
    /// One object for all copies: a request passes its targets on, and looks things up by them, a dozen times.
    private final class Names: Sendable {
        let provider: String
        let model: String
        let both: String
        let hash: Int

        init(provider: String, model: String) {
            self.provider = provider
            self.model = model
            both = "\(provider)/\(model)"
            var hasher = Hasher()
            hasher.combine(provider)
            hasher.combine(model)
            hash = hasher.finalize()
        }
    }

    private let names: Names

    public var provider: String { names.provider }
    /// The name that the provider knows; it may hold slashes.
    public var model: String { names.model }
    public var name: String { names.both }
    public var description: String { name }

    public init(provider: String, model: String) { names = Names(provider: provider, model: model) }

    /// Reads `provider/model`, split at the first slash; `nil` when either is missing.
    public init?(_ name: String) {
        guard let slash = name.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        let (provider, model) = (String(name[..<slash]), String(name[name.utf8.index(after: slash)...]))
        if provider.isEmpty || model.isEmpty { return nil }
        self.init(provider: provider, model: model)
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(names.hash) }

    public static func == (one: Target, other: Target) -> Bool {
        one.names === other.names
            || one.names.hash == other.names.hash && one.model == other.model && one.provider == other.provider
    }
}

/// Which names clients may use, and the chain of targets behind each. Immutable.
public struct ModelDirectory: Sendable {
    public struct Alias: Sendable {
        public var name: String
        /// In order of preference; targets of providers that are not there are passed over.
        public var chain: [Target]
        /// Those of the chain's targets, in its order; 1 for what is missing.
        public var weights: [Double] = []
        public var strategy = BalanceStrategy.order
        /// Tokens of prompt and answer together, where the configuration says so.
        public var window: Int?
        /// What holds for calls by this name, for each of the chain's targets, in its order; empty where the name changes
        /// nothing.
        public var settings: [ResilienceSettings] = []
        /// The time limits among them that the configuration gives the name itself.
        public var timeouts = TimeoutOverrides()

        public init(name: String, chain: [Target], window: Int? = nil) {
            self.name = name
            self.chain = chain
            self.window = window
        }
    }

    public struct Provider: Sendable {
        public var name: String
        /// Models of its own beside those that chains name.
        public var models: [String]
        /// Whether a client may name any model of it.
        public var allowsAny: Bool

        public init(name: String, models: [String] = [], allowsAny: Bool = false) {
            self.name = name
            self.models = models
            self.allowsAny = allowsAny
        }
    }

    /// Prefixes that are no providers.
    public static let reservedPrefixes = ["persona", "workflow", "plan"]

    /// Without the targets whose provider is not there: their chains may be empty.
    private let aliases: [String: Route]
    private let openProviders: Set<String>
    /// Bytes of a model's name that only its provider knows. It is kept in spans and written to the log.
    private static let maxOpenName = 256
    private let targets: Set<Target>
    /// Every name that resolves, but for models of providers that allow any: aliases in the order given, then targets
    /// in the order of their first mention.
    public let names: [String]

    public init(aliases: [Alias], providers: [Provider]) {
        let known = Set(providers.map(\.name))
        let usable = aliases.map { ($0.name, Self.route($0, known)) }
        self.aliases = Dictionary(usable) { first, _ in first }
        openProviders = Set(providers.filter(\.allowsAny).map(\.name))
        var seen: Set<String> = []
        var targets: Set<Target> = []
        var names: [String] = []
        for (name, route) in usable where !route.chain.isEmpty && seen.insert(name).inserted { names.append(name) }
        let own = providers.flatMap { provider in provider.models.map { Target(provider: provider.name, model: $0) } }
        for target in usable.flatMap(\.1.chain) + own {
            targets.insert(target)
            if seen.insert(target.name).inserted { names.append(target.name) }
        }
        self.targets = targets
        self.names = names
    }

    private static func route(_ alias: Alias, _ known: Set<String>) -> Route {
        let usable = alias.chain.indices.filter { known.contains(alias.chain[$0].provider) }
        var route = Route(chain: usable.map { alias.chain[$0] }, window: alias.window)
        route.weights = usable.map { $0 < alias.weights.count ? alias.weights[$0] : 1 }
        route.strategy = alias.strategy
        if alias.settings.count == alias.chain.count { route.settings = usable.map { alias.settings[$0] } }
        route.timeouts = alias.timeouts
        return route
    }

    /// Where the requests for a client's name may go; its chain is never empty.
    /// - Throws: ``ErrorCode/modelNotFound`` with near names; ``ErrorCode/modelUnavailable`` for an alias of which no
    ///   provider is there.
    public func resolve(_ name: String) throws(CodedError) -> Route {
        if let route = aliases[name] {
            guard !route.chain.isEmpty else {
                throw CodedError(
                    .modelUnavailable,
                    "No provider of the model '\(name)' is configured. Set the key of one of them and start again.",
                    param: "model")
            }
            return route
        }
        if let target = Target(name), !Self.reservedPrefixes.contains(target.provider) {
            if targets.contains(target) { return Route(chain: [target]) }
            if openProviders.contains(target.provider), Self.isFit(target.model) {
                return Route(chain: [target])
            }
        }
        throw notFound(name)
    }

    private static func isFit(_ model: String) -> Bool {
        model.utf8.count <= maxOpenName && model.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }

    private func notFound(_ name: String) -> CodedError {
        // The name is the client's: bounded, and without what could break a line.
        let shown = String(
            decoding: name.utf8.prefix(100).map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
        var near = NearestNames.of(name, in: names)
        if near.isEmpty { near = NearestNames.of(name, in: names.filter { $0.hasSuffix("/\(name)") }) }
        let advice =
            near.isEmpty
            ? "GET /v1/models lists what there is." : "Did you mean \(near.map { "'\($0)'" }.joined(separator: ", "))?"
        return CodedError(.modelNotFound, "There is no model '\(shown)'. \(advice)", param: "model")
    }
}
