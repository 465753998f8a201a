internal import Base
internal import HTTPClient
internal import Resilience

extension HTTPClientError {
    /// What a failed call means to whoever asked.
    func coded(streaming: Bool, limits: borrowing AttemptLimits) -> CodedError {
        switch kind {
        case .badURL:
            CodedError(.modelUnavailable, "The provider's base_url is not an http or https address.")
        case .badAddress:
            CodedError(
                .providerUnreachable,
                "The name in the provider's base_url leads to an address that no provider has. Mend base_url, or what "
                    + "answers for that name.", detail: message)
        case .unreachable: CodedError(.providerUnreachable, "No connection to the provider could be made.")
        case .tls: CodedError(.providerUnreachable, "The provider's certificate or TLS handshake was refused.")
        case .timeout(let phase): limits.limit(of: phase).error
        case .broken where streaming:
            CodedError(.providerStreamBroken, "The connection to the provider broke before its answer ended.")
        case .broken:
            CodedError(
                .providerInvalidAnswer,
                "The connection to the provider broke before its answer began, or the answer is not valid HTTP.")
        case .tooLarge: CodedError(.providerInvalidAnswer, "The provider's answer is too long.")
        case .cancelled: CodedError(.cancelled, "The request was cancelled.")
        case .shutdown: CodedError(.shuttingDown, "The server is stopping.")
        }
    }
}
