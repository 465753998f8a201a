internal import Base
internal import HTTPClient

extension HTTPClientError {
    /// What a failed call means to whoever asked.
    func coded(streaming: Bool, deadline: Deadline) -> CodedError {
        switch kind {
        case .badURL:
            CodedError(.modelUnavailable, "The provider's base_url is not an http or https address.")
        case .unreachable: CodedError(.providerUnreachable, "No connection to the provider could be made.")
        case .tls: CodedError(.providerUnreachable, "The provider's certificate or TLS handshake was refused.")
        case .timeout(.total) where deadline.isTighter:
            CodedError(.deadlineExceeded, "The time for this request is over.")
        case .timeout(let phase):
            CodedError(.providerTimeout, "The provider did not answer in time (\(phase.rawValue)).")
        case .broken where streaming:
            CodedError(.providerStreamBroken, "The connection to the provider broke before its answer ended.")
        case .broken: CodedError(.providerInvalidAnswer, "The provider's answer is not valid HTTP.")
        case .tooLarge: CodedError(.providerInvalidAnswer, "The provider's answer is too long.")
        case .cancelled: CodedError(.cancelled, "The request was cancelled.")
        case .shutdown: CodedError(.shuttingDown, "The server is stopping.")
        }
    }
}

/// What is left of a run's time when a call starts, beside what the provider's configuration allows.
struct Deadline: Sendable {
    /// `nil` for a run without a deadline.
    let remaining: Duration?
    /// Whether the run's time is over before the provider's is.
    let isTighter: Bool

    init(_ context: RunContext, at now: Instant, total: Duration) {
        remaining = context.remaining(at: now)
        isTighter = remaining.map { $0 < total } ?? false
    }
}
