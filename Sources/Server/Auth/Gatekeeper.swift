internal import Base
internal import HTTP
internal import HTTPServer
internal import Identity
internal import Synchronization
internal import Telemetry

/// Decides for every request who asks and whether they may: the one place for all routes, and for all places that a key
/// can stand in. Counts what it decides, and tells the log of every key that it refuses, by its name at most.
final class Gatekeeper: Sendable {
    enum Rule: Sendable {
        /// Nobody is let in: before the first configuration is in force.
        case closed
        /// Everybody who reaches the server is its admin; for loopback only.
        case open
        case keys(KeyRing)
    }

    private let rule: Mutex<Rule>
    private let throttle: Mutex<WrongKeyThrottle>
    private let meter: AuthMeter
    private let logger: Logger
    private let time: any TimeSource

    init(
        _ rule: Rule, throttle: WrongKeyThrottle.Settings = WrongKeyThrottle.Settings(), meter: AuthMeter,
        logger: Logger, time: any TimeSource
    ) {
        self.rule = Mutex(rule)
        self.throttle = Mutex(WrongKeyThrottle(throttle))
        self.meter = meter
        self.logger = logger
        self.time = time
    }

    /// Takes another rule from the next request on; what is known of wrong keys stays.
    func adopt(_ rule: Rule) { self.rule.withLock { $0 = rule } }

    /// Whose work the request is.
    /// - Throws: `invalid_api_key`, the same for every key that is none; `too_many_wrong_keys` instead of it, never of
    ///   a right key; `conflicting_keys`, whether one of them is right or not; `permission_denied`.
    func admit(_ exchange: Exchange, to access: Access) throws(CodedError) -> Scope {
        let ring: KeyRing
        switch rule.withLock({ $0 }) {
        case .open: return .local
        case .closed: throw Self.invalidKey
        case .keys(let keys): ring = keys
        }
        guard case .role(let needed) = access else { return guest(exchange, ring) }
        switch PresentedKey(exchange.request.head.headers) {
        case .none:
            meter.decided(.missing)
            throw Self.invalidKey
        case .conflicting:
            meter.decided(.conflicting)
            throw CodedError(
                .conflictingKeys, "The request has two different keys. Send one, in one header.")
        case .one(let key):
            let scope = try scope(of: key, ring, exchange)
            guard scope.role.includes(needed) else {
                meter.decided(.denied)
                tell("key may not do this", exchange, key: scope.key, decision: .denied)
                throw CodedError(
                    .permissionDenied,
                    "This needs a key with the role \(needed.rawValue); yours has the role \(scope.role.rawValue).")
            }
            meter.decided(.accepted)
            return scope
        }
    }

    /// The same to the byte whatever is wrong with a key, so that nobody learns anything of others' keys.
    private static let invalidKey = CodedError(
        .invalidKey, "Send a valid key, as `Authorization: Bearer KEY` or as `x-api-key: KEY`.")

    /// Who asks where nobody has to say so: whoever brings a valid key. Any other key is none here, and yet counted,
    /// told and throttled as elsewhere, so that nobody tries keys unseen.
    private func guest(_ exchange: Exchange, _ ring: KeyRing) -> Scope {
        switch PresentedKey(exchange.request.head.headers) {
        case .none: return .nobody
        case .conflicting:
            meter.decided(.conflicting)
            return .nobody
        case .one(let key):
            guard let scope = try? scope(of: key, ring, exchange) else { return .nobody }
            meter.decided(.accepted)
            return scope
        }
    }

    private func scope(of key: String, _ ring: KeyRing, _ exchange: Exchange) throws(CodedError) -> Scope {
        let verdict = ring.verdict(on: key, at: time.wallTime())
        if case .valid(let scope) = verdict { return scope }
        let client = exchange.client.address
        let now = time.now()
        if let wait = throttle.withLock({ $0.wait(for: client, now: now) }) {
            meter.decided(.throttled)
            throw CodedError(
                .tooManyWrongKeys, "Too many wrong keys came from your network. A right one is always taken.",
                retryAfter: wait)
        }
        switch verdict {
        case .valid, .unknown: refuse(exchange, key: nil, .unknown)
        case .revoked(let name): refuse(exchange, key: name, .revoked)
        case .expired(let name): refuse(exchange, key: name, .expired)
        }
        throw Self.invalidKey
    }

    private func refuse(_ exchange: Exchange, key name: String?, _ decision: AuthMeter.Decision) {
        meter.decided(decision)
        tell("key refused", exchange, key: name, decision: decision)
    }

    private func tell(_ message: String, _ exchange: Exchange, key name: String?, decision: AuthMeter.Decision) {
        logger.log(
            .warning, message, .string("request_id", exchange.requestID), .string("decision", decision.rawValue),
            .string("key", name), .string("client", exchange.client.text))
    }
}
