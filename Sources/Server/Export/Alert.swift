internal import Base
internal import Telemetry

/// Something that a person should look at soon.
struct Alert: Sendable, Equatable {
    enum Kind: String, Sendable, CaseIterable {
        /// A provider does not accept its key.
        case keyRejected = "key_rejected"
        /// A provider's model fails, and is not asked for a while.
        case circuitOpened = "circuit_opened"
        /// No target of a chain could answer, and something else did.
        case allTargetsFailed = "all_targets_failed"
        /// A configuration that was to be loaded again has faults; the one before stays in force.
        case configurationRefused = "configuration_refused"
        /// A turn failed by a fault of our own.
        case technicalError = "technical_error"

        /// Whether callers notice it already, or somebody waits for what has not happened.
        var isSevere: Bool { self != .circuitOpened }
    }

    var kind: Kind
    /// Names from the configuration; `nil` where it is not about one.
    var provider: String?
    var model: String?
    /// The place of the key in the provider's configuration.
    var key: Int?
    /// What went wrong last, where that is known.
    var code: ErrorCode?
    /// One sentence for people; holds no secret.
    var message: String
}

/// Where alerts go. Called on the thread that brought one about, so it must not block; at most once a minute for each
/// kind and target.
protocol AlertSink: Sendable {
    func alert(_ alert: Alert)
}

/// Alerts as lines of the log.
struct LogAlerts: AlertSink {
    let logger: Logger

    func alert(_ alert: Alert) {
        logger.log(
            alert.kind.isSevere ? .error : .warning, "alert", .string("alert", alert.kind.rawValue),
            .string("provider", alert.provider), .string("model", alert.model),
            .string("key", alert.key.map { String($0) }), .string("code", alert.code?.name),
            .string("detail", alert.message))
    }
}
