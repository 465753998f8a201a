/// What went wrong, as every outside form of an error needs it. The one table of codes: HTTP status, OpenAI's and
/// Anthropic's error types, whether trying again can help, and whose fault it is. `docs/errors.md` is made from it.
public struct ErrorCode: Hashable, Sendable, CustomStringConvertible {
    public enum Fault: String, Sendable {
        case caller, provider, us
    }

    public let name: String
    public let status: Int
    public let openAIType: String
    public let anthropicType: String
    public let retryable: Bool
    public let fault: Fault
    /// One sentence for the documentation.
    public let meaning: String

    public var description: String { name }

    public static func == (left: ErrorCode, right: ErrorCode) -> Bool { left.name == right.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    private init(
        _ name: String,
        _ status: Int,
        _ fault: Fault,
        retryable: Bool = false,
        _ openAIType: String,
        _ anthropicType: String,
        _ meaning: String
    ) {
        self.name = name
        self.status = status
        self.openAIType = openAIType
        self.anthropicType = anthropicType
        self.retryable = retryable
        self.fault = fault
        self.meaning = meaning
    }

    private static func caller(_ name: String, _ status: Int, _ meaning: String) -> ErrorCode {
        let anthropic =
            switch status {
            case 401: "authentication_error"
            case 403: "permission_error"
            case 404: "not_found_error"
            case 413: "request_too_large"
            default: "invalid_request_error"
            }
        return ErrorCode(name, status, .caller, "invalid_request_error", anthropic, meaning)
    }

    private static func provider(_ name: String, _ status: Int, retryable: Bool, _ meaning: String) -> ErrorCode {
        ErrorCode(
            name,
            status,
            .provider,
            retryable: retryable,
            status == 429 ? "rate_limit_error" : "server_error",
            status == 429 ? "rate_limit_error" : anthropicType(ofStatus: status),
            meaning
        )
    }

    private static func ours(_ name: String, _ status: Int, retryable: Bool, _ meaning: String) -> ErrorCode {
        ErrorCode(
            name,
            status,
            .us,
            retryable: retryable,
            "server_error",
            anthropicType(ofStatus: status),
            meaning
        )
    }

    private static func anthropicType(ofStatus status: Int) -> String {
        switch status {
        case 503: "overloaded_error"
        case 504: "timeout_error"
        default: "api_error"
        }
    }
}

extension ErrorCode {
    // The caller's request.
    public static let invalidHTTP = caller("invalid_http", 400, "The request is not valid HTTP/1.1.")
    public static let invalidJSON = caller("invalid_json", 400, "The body is not one well-formed JSON value.")
    public static let missingField = caller("missing_required_parameter", 400, "A field that must be there is not.")
    public static let invalidType = caller("invalid_type", 400, "A field has a value of the wrong type.")
    public static let invalidValue = caller("invalid_value", 400, "A field has a value outside what is allowed.")
    public static let unsupportedByModel = caller(
        "unsupported_by_model",
        400,
        "The chosen model cannot do what a field asks for."
    )
    public static let contextLengthExceeded = caller(
        "context_length_exceeded",
        400,
        "Prompt and answer do not fit into the model's window."
    )
    public static let providerRefused = caller(
        "provider_refused",
        400,
        "The provider refused the request as it stands; its own words are in the message."
    )
    public static let guardRefused = caller(
        "guard_refused", 400,
        "The input guard refused the request: control characters in it, or it looks like an injection.")
    public static let planLimit = caller(
        "plan_limit", 400, "The tokens that a plan may use are spent before its last answer.")
    public static let conflictingKeys = caller(
        "conflicting_keys", 400, "The request has two different keys; which one is meant is not clear.")
    public static let invalidKey = caller(
        "invalid_api_key", 401, "The key is missing, unknown, revoked or expired.")
    public static let permissionDenied = caller(
        "permission_denied", 403, "The role of the key does not allow this.")
    public static let forbiddenOrigin = caller(
        "forbidden_origin",
        403,
        "A web page of another origin may not use this server."
    )
    public static let forbiddenHost = caller(
        "forbidden_host",
        403,
        "The Host header names no address, localhost or configured name."
    )
    public static let notFound = caller("not_found", 404, "There is nothing under this path or id.")
    public static let modelNotFound = caller("model_not_found", 404, "No configured model has this name.")
    public static let methodNotAllowed = caller("method_not_allowed", 405, "The route does not know this method.")
    public static let requestTimeout = caller("request_timeout", 408, "The request did not arrive in time.")
    public static let requestInFlight = caller(
        "request_in_flight",
        409,
        "A request with this id is already running."
    )
    public static let runNotFound = caller("run_not_found", 404, "The caller has no run of this name.")
    public static let runExists = caller("run_exists", 409, "There is a run of this name already.")
    public static let runFinished = caller("run_finished", 409, "The run is over and cannot go on.")
    public static let runStale = caller("run_stale", 409, "Another writer has taken the run over.")
    public static let checkpointVersion = caller(
        "checkpoint_version", 409, "The run was kept by another version of its graph or of Tutti.")
    public static let eventsGone = caller(
        "events_gone", 410, "The events after this cursor are no longer kept; later ones may be.")
    public static let requestTooLarge = caller("request_too_large", 413, "The body is over the size limit.")
    public static let targetTooLong = caller("target_too_long", 414, "The request line is over the size limit.")
    public static let unsupportedMediaType = caller(
        "unsupported_media_type",
        415,
        "The body must be application/json, without a content coding."
    )
    public static let expectationFailed = caller(
        "expectation_failed", 417, "The request's `Expect` asks for something else than 100-continue.")
    public static let invalidConfiguration = caller(
        "invalid_configuration", 422,
        "The configuration that was to be loaded has faults; the one before stays in force.")
    public static let upgradeRequired = caller(
        "upgrade_required", 426, "The path is a WebSocket, and the request does not ask for one.")
    public static let headersTooLarge = caller("headers_too_large", 431, "The headers are over the size limit.")
    public static let tooManyWrongKeys = ErrorCode(
        "too_many_wrong_keys", 429, .caller, retryable: true, "rate_limit_error", "rate_limit_error",
        "Too many wrong keys came from this network.")
    public static let cancelled = caller("cancelled", 499, "The caller cancelled the request.")

    // The providers.
    public static let providerRateLimited = provider(
        "provider_rate_limited",
        429,
        retryable: true,
        "The provider's rate limit is reached."
    )
    public static let providerRejectedKey = provider(
        "provider_rejected_key",
        502,
        retryable: false,
        "The provider does not accept the configured key."
    )
    public static let providerUnreachable = provider(
        "provider_unreachable",
        502,
        retryable: true,
        "No connection to the provider could be made."
    )
    public static let providerFailed = provider(
        "provider_failed",
        502,
        retryable: true,
        "The provider answered with an error of its own."
    )
    public static let providerOverloaded = provider(
        "provider_overloaded",
        503,
        retryable: true,
        "The provider has too much to do."
    )
    public static let providerInvalidAnswer = provider(
        "provider_invalid_answer",
        502,
        retryable: true,
        "The provider's answer is not what its dialect promises."
    )
    public static let providerStreamBroken = provider(
        "provider_stream_broken",
        502,
        retryable: true,
        "The provider's stream ended before its answer did."
    )
    public static let providerTimeout = provider(
        "provider_timeout",
        504,
        retryable: true,
        "The provider did not answer in time."
    )

    // Ourselves.
    public static let internalError = ours("internal_error", 500, retryable: false, "A fault of the server.")
    public static let activationLimit = ours(
        "activation_limit", 500, retryable: false, "The steps of a graph were begun more often than they may be.")
    public static let endNotReached = ours(
        "end_not_reached", 500, retryable: false, "A graph had nothing left to do and had not reached one of its ends.")
    public static let unknownRoute = ours(
        "unknown_route", 500, retryable: false, "A route of a graph chose a step that is not among its targets.")
    public static let checkpointUnreadable = ours(
        "checkpoint_unreadable", 500, retryable: false, "What was kept of a run cannot be read.")
    public static let keysUnusable = ours(
        "keys_unusable", 500, retryable: false, "The keys of callers cannot be checked.")
    public static let noExpertAnswered = ours(
        "no_expert_answered", 502, retryable: true,
        "Every expert whose answer counts was left out, so there is nothing to make an answer of.")
    public static let fusionBroken = ours(
        "fusion_broken", 502, retryable: true,
        "The model that was making one answer of several failed after a part of it was shown.")
    public static let modelUnavailable = ours(
        "model_unavailable",
        503,
        retryable: false,
        "The model is configured but cannot be used now."
    )
    public static let overloaded = ours(
        "overloaded",
        503,
        retryable: true,
        "The queue is full; try again after the time given."
    )
    public static let shuttingDown = ours(
        "shutting_down",
        503,
        retryable: true,
        "The server is stopping and takes no new work."
    )
    public static let nodeTimeout = ours(
        "node_timeout",
        504,
        retryable: true,
        "A step took longer than it may."
    )
    public static let deadlineExceeded = ours(
        "deadline_exceeded",
        504,
        retryable: true,
        "The time for this request is over."
    )

    /// Every code, in the order of the documentation.
    public static let all: [ErrorCode] = [
        invalidHTTP, invalidJSON, missingField, invalidType, invalidValue, unsupportedByModel, contextLengthExceeded,
        providerRefused, guardRefused, planLimit, conflictingKeys, invalidKey, permissionDenied, forbiddenOrigin,
        forbiddenHost, notFound, modelNotFound, methodNotAllowed, requestTimeout,
        requestInFlight, runNotFound, runExists, runFinished, runStale, checkpointVersion, eventsGone,
        requestTooLarge, targetTooLong, unsupportedMediaType, expectationFailed, invalidConfiguration, upgradeRequired,
        tooManyWrongKeys, headersTooLarge,
        cancelled,
        providerRateLimited, providerRejectedKey, providerUnreachable, providerFailed, providerOverloaded,
        providerInvalidAnswer, providerStreamBroken, providerTimeout, internalError,
        activationLimit, endNotReached, unknownRoute, checkpointUnreadable, keysUnusable, noExpertAnswered,
        fusionBroken, modelUnavailable, overloaded, shuttingDown, nodeTimeout, deadlineExceeded,
    ]
}
