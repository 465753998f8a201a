internal import Base
internal import Models
internal import Resilience
internal import Synchronization
internal import Telemetry

/// What was done about failures, in the log and as alerts. What every call may bring about while a provider is down is
/// told at `debug`; the alert tells it once a minute.
extension ModelTelemetry {
    func happened(_ event: GatewayEvent, context: RunContext) {
        metrics.happened(event, context: context)
        let id = LogField.string("request_id", context.requestID)
        switch event {
        case .retried(let target, let code, let delay):
            log(
                .debug, "model asked again", target, id, .string("code", code.name),
                .double("delay_ms", delay.milliseconds))
        case .failedOver(let from, let to, let code):
            logger.log(
                code.fault == .provider ? .info : .debug, "failed over", id, .string("provider", from.target.provider),
                .string("model", from.target.model), .int("key", from.key), .string("to", to.target.name),
                .int("to_key", to.key), .string("code", code.name))
        case .timedOut(let target, let limit):
            log(.debug, "time limit reached", target, id, .string("limit", limit.rawValue))
        case .restarted(let target, let code):
            log(.info, "broken stream begins anew", target, id, .string("code", code.name))
        case .continued(let target, let next, let code):
            log(.info, "broken stream goes on", target, id, .string("code", code.name), .string("to", next.name))
        case .hedge(let target, let event): log(event, target, id)
        case .limited(let target, let code):
            log(.debug, "call refused by a limit", target, id, .string("code", code.name))
        case .exhausted(let code):
            alert(Alert(kind: .allTargetsFailed, code: code, message: "No model of a chain could answer."))
        case .degraded(let substitute, let code):
            logger.log(
                .info, "answer degraded", id, .string("substitute", substitute.rawValue), .string("code", code.name))
        case .chaos(let target): log(.debug, "fault put in on purpose", target, id)
        }
    }

    /// A circuit has changed, or a provider has said that it wants rest or another key.
    func circuitChanged(_ keyed: KeyedTarget, _ event: CircuitEvent) {
        metrics.circuitChanged(keyed, event)
        let (target, key) = (keyed.target, LogField.int("key", keyed.key))
        switch event {
        case .transition(let transition):
            log(
                transition.to.isOpen ? .warning : .info, "circuit changed", target, key,
                .string("from", transition.from.name), .string("to", transition.to.name),
                .string("cause", transition.cause.rawValue), .string("code", transition.error?.name))
            raise(transition, of: keyed)
        case .cooling(let reason, let rest):
            log(
                .warning, "provider rests", target, key, .string("cause", reason.rawValue),
                .double("duration_ms", rest.milliseconds))
        case .keyRejected:
            logger.log(
                .warning, "provider rejects its key; it is tried again every five minutes",
                .string("provider", target.provider), key)
            alert(
                Alert(
                    kind: .keyRejected, provider: target.provider, key: keyed.key, code: .providerRejectedKey,
                    message: "The provider '\(target.provider)' does not accept its key. Configure another one."))
        case .keyAccepted:
            logger.log(.info, "provider accepts its key again", .string("provider", target.provider), key)
        }
    }

    /// A circuit that opens again behind a probe was told of when it opened first, and one that somebody has opened is
    /// no news to them.
    private func raise(_ transition: Breaker.Transition, of keyed: KeyedTarget) {
        guard case .open = transition.to, transition.from == .closed else { return }
        let model = metrics.model(of: keyed.target)
        alert(
            Alert(
                kind: .circuitOpened, provider: keyed.target.provider, model: model, key: keyed.key,
                code: transition.error,
                message: "'\(keyed.target.provider)/\(model)' fails and is not asked for a while."))
    }

    /// Tells people, unless they have been told a moment ago.
    func alert(_ alert: Alert) {
        let now = time.now()
        if throttle.withLock({ $0.admits(alert, now: now) }) { alerts.alert(alert) }
    }

    private func log(_ level: LogLevel, _ message: String, _ target: Target, _ fields: LogField...) {
        let place = [LogField.string("provider", target.provider), .string("model", target.model)]
        logger.log(level, message, fields: place + fields)
    }

    private func log(_ event: HedgeEvent, _ target: Target, _ id: LogField) {
        switch event {
        case .hedged(let after):
            log(.debug, "second model asked", target, id, .double("duration_ms", after.milliseconds))
        case .won(let side, let after):
            log(
                .debug, "first of two models", target, id, .string("side", side.name),
                .double("duration_ms", after.milliseconds))
        case .lost(let loss):
            log(
                .debug, "second of two models stopped", target, id, .string("side", loss.side.name),
                .double("duration_ms", loss.ran.milliseconds), .double("stopped_ms", loss.stoppedAfter.milliseconds))
        case .skipped(let reason):
            log(.debug, "second model not asked", target, id, .string("reason", reason.rawValue))
        }
    }
}

extension Breaker.State {
    fileprivate var isOpen: Bool {
        switch self {
        case .open, .forcedOpen: true
        case .closed, .halfOpen, .forcedClosed: false
        }
    }
}
