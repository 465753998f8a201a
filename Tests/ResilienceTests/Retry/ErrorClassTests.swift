import Base
import Resilience
import Testing

@Suite("Classes of errors") struct ErrorClassTests {
    static let retried: Set<ErrorCode> = [
        .providerRateLimited, .providerFailed, .providerOverloaded, .providerInvalidAnswer, .providerStreamBroken,
    ]
    static let moved: Set<ErrorCode> = [
        .providerUnreachable, .providerTimeout, .providerRejectedKey, .modelUnavailable, .unsupportedByModel,
        .invalidValue, .overloaded,
    ]

    @Test("every code of the table has the class that is meant for it", arguments: ErrorCode.all)
    func classes(_ code: ErrorCode) {
        let expected: ErrorClass =
            if Self.retried.contains(code) {
                .retry
            } else if Self.moved.contains(code) {
                .next
            } else {
                code == .contextLengthExceeded ? .larger : .end
            }
        #expect(ErrorClass(code) == expected)
        #expect(RetryPolicy().errorClass(of: code) == expected)
    }

    @Test("the caller's faults are never repeated, and a provider's are never the end", arguments: ErrorCode.all)
    func faults(_ code: ErrorCode) {
        switch code.fault {
        case .caller: #expect(ErrorClass(code) != .retry)
        case .provider: #expect(ErrorClass(code) == .retry || ErrorClass(code) == .next)
        case .us: #expect(ErrorClass(code) != .retry)
        }
    }

    @Test("the configuration can say otherwise, for the codes that it names alone") func reasons() {
        let policy = RetryPolicy(reasons: [.providerRefused: .next, .providerRateLimited: .next])
        #expect(policy.errorClass(of: .providerRefused) == .next)
        #expect(policy.errorClass(of: .providerRateLimited) == .next)
        #expect(policy.errorClass(of: .providerFailed) == .retry)
        #expect(policy.errorClass(of: .invalidJSON) == .end)
    }
}
