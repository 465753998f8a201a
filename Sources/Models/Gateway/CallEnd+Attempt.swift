internal import Base
internal import Resilience

extension CallEnd {
    /// What an attempt's error says of its provider. A model that the key may not use (403) says nothing of the others,
    /// and an account that is empty (402) may be filled again.
    init(attempt error: CodedError) {
        self =
            error.code == .providerRejectedKey && (error.providerStatus == 403 || error.providerStatus == 402)
            ? .forbidden(retryAfter: error.retryAfter?.seconds) : CallEnd(coded: error)
    }
}
