import Testing

@testable import Base

@Suite("The kinds of errors")
struct ErrorKindTests {
    /// Every code but those of validation, which are the caller's.
    private static let others: [(kind: ErrorKind, codes: [ErrorCode])] = [
        (.cancelled, [.cancelled]), (.guard, [.guardRefused]), (.expert, [.noExpertAnswered, .planLimit]),
        (.fusion, [.fusionBroken]),
        (.timeout, [.providerTimeout, .nodeTimeout, .deadlineExceeded, .requestTimeout]),
        (
            .provider,
            [
                .providerRateLimited, .providerRejectedKey, .providerUnreachable, .providerFailed, .providerOverloaded,
                .providerInvalidAnswer, .providerStreamBroken,
            ]
        ),
        (
            .system,
            [
                .internalError, .activationLimit, .endNotReached, .unknownRoute, .checkpointUnreadable, .keysUnusable,
                .modelUnavailable, .overloaded, .shuttingDown,
            ]
        ),
    ]

    @Test("each code is of the kind that its caller is to hear of")
    func table() {
        let expected = Dictionary(
            uniqueKeysWithValues: Self.others.flatMap { row in row.codes.map { ($0, row.kind) } })
        for code in ErrorCode.all {
            #expect(code.kind == expected[code] ?? .validation, "\(code)")
            #expect(expected[code] != nil || code.fault == .caller, "\(code) is the caller's to mend")
        }
    }

    private static let technical: Set<ErrorCode> = [
        .internalError, .activationLimit, .endNotReached, .unknownRoute, .checkpointUnreadable, .keysUnusable,
    ]

    @Test("a technical error tells its caller nothing but the id under which the log has it", arguments: ErrorCode.all)
    func shown(code: ErrorCode) {
        let error = CodedError(
            code, "What is wrong.", param: "messages[2]", retryAfter: .seconds(3), detail: "For the log.")
        guard Self.technical.contains(code) else {
            #expect(!code.isTechnical && error.shown(requestID: "req_7") == error)
            return
        }
        #expect(code.isTechnical && code.kind == .system)
        let shown = error.shown(requestID: "req_7")
        #expect(shown.code == code && shown.retryAfter == .seconds(3) && shown.param == nil)
        #expect(shown.message.contains("req_7") && !shown.message.contains(error.message))
        #expect(shown.shown(requestID: "req_7") == shown)
        let nameless = error.shown(requestID: nil)
        #expect(!nameless.message.isEmpty && !nameless.message.contains(error.message))
    }

    @Test("the log has what a technical error was, where nothing more exact is known")
    func logged() {
        #expect(CodedError(.internalError, "What is wrong.").logged == "What is wrong.")
        #expect(CodedError(.internalError, "What is wrong.", detail: "More.").logged == "More.")
        #expect(CodedError(.invalidValue, "What is wrong.").logged == nil)
    }
}
