internal import Base

extension CodedError {
    /// What the log finds in errors that were made on purpose.
    static let chaosDetail = "chaos"

    static func chaos(_ failure: ChaosPlan.Failure) -> CodedError {
        switch failure {
        case .failed: chaos(.providerFailed, "The provider answered with an error of its own.", status: 500)
        case .overloaded: chaos(.providerOverloaded, "The provider has too much to do.", status: 503)
        case .rateLimited(let rest):
            chaos(
                .providerRateLimited, "The provider's rate limit is reached. Try again later.", status: 429,
                retryAfter: rest)
        case .reset:
            chaos(.providerStreamBroken, "The connection to the provider broke before its answer began.")
        }
    }

    static func chaosCut() -> CodedError {
        chaos(.providerStreamBroken, "The connection to the provider broke before its answer ended.")
    }

    /// The caller is told that nobody needs to look for the fault.
    private static func chaos(
        _ code: ErrorCode, _ message: String, status: Int? = nil, retryAfter: Duration? = nil
    ) -> CodedError {
        var error = CodedError(
            code, "\(message) It was made to, for a rehearsal.", retryAfter: retryAfter, detail: chaosDetail)
        error.providerStatus = status
        return error
    }
}
