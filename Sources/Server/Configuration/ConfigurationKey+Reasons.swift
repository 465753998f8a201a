internal import Base
internal import Models
internal import Resilience

/// What follows an attempt's error, for each error that an attempt may end with.
extension ConfigurationKey {
    static let reasonSection = "resilience.retry.reasons"

    /// Faults of a provider, what a target cannot do and another one may, and what a provider refuses. No attempt ends
    /// with another code but with those that end its request.
    private static let codes = ErrorCode.all.filter { code in
        let others: Set<ErrorCode> = [
            .invalidValue, .unsupportedByModel, .contextLengthExceeded, .providerRefused, .modelUnavailable,
            .overloaded,
        ]
        return code.fault == .provider || others.contains(code)
    }

    static let reasons = codes.map { reason(of: $0) }

    private static func reason(of code: ErrorCode) -> ConfigurationKey {
        let classes = ErrorClass.allCases.map(\.rawValue)
        return ConfigurationKey(
            path: "\(reasonSection).\(code.name)",
            meaning:
                "What follows this error: the same target again, the next one, one with a larger window, or the end.",
            expectation: "one of \(classes.joined(separator: ", "))", isList: false, shape: .choice(classes),
            set: { configuration, texts in
                guard let text = texts.first, texts.count == 1, let chosen = ErrorClass(rawValue: text) else {
                    return false
                }
                configuration.resilience.retry.reasons[code] = chosen == ErrorClass(code) ? nil : chosen
                return true
            },
            get: { [$0.resilience.retry.errorClass(of: code).rawValue] })
    }

    /// Why an error's code is no key of a section; `nil` where it is none, or no code.
    static func reasonAgainst(_ code: String, in section: String) -> String? {
        guard section == reasonSection || section.hasSuffix(".\(reasonSection)"),
            let code = ErrorCode.all.first(where: { $0.name == code })
        else { return nil }
        return ErrorClass.settled.contains(code)
            ? "this error always ends a request; leave it out."
            : "no call to a provider ends with this error; leave it out."
    }
}
