internal import Base
internal import JSON

/// What the contract says of a route beyond its operation.
extension Route {
    /// How a caller may say who it is; empty where anybody may ask.
    var securitySchemes: [SecurityScheme] { access == .anyone ? [] : SecurityScheme.allCases }

    /// The path as OpenAPI writes it: `{model...}` is `{model}`.
    var contractPath: String { path.replacing("...}", with: "}") }

    /// All that can go wrong, in the order of the table of codes.
    var errors: [ErrorCode] {
        var codes = Set(operation.errors + Route.common)
        if operation.body != nil { codes.formUnion(Route.body) }
        if operation.asksProviders {
            codes.formUnion(ErrorCode.all.filter { $0.fault == .provider } + [.providerRefused, .guardRefused])
        }
        if access != .anyone { codes.formUnion(Route.keys) }
        if !answersWhileDraining { codes.insert(.shuttingDown) }
        return ErrorCode.all.filter(codes.contains)
    }

    /// Of every route: what ends before it is found, and what is no request at all.
    private static let common: [ErrorCode] = Route.protocolErrors + [.forbiddenHost, .forbiddenOrigin]
    /// Where a key is needed.
    private static let keys: [ErrorCode] = [.conflictingKeys, .invalidKey, .permissionDenied, .tooManyWrongKeys]
    private static let body: [ErrorCode] = [
        .invalidJSON, .missingField, .invalidType, .invalidValue, .requestTooLarge, .unsupportedMediaType,
    ]

    /// Answered before the path is known, so in OpenAI's envelope whatever the route.
    static let protocolErrors: [ErrorCode] = [.invalidHTTP, .requestTimeout, .targetTooLong, .headersTooLarge]
}

/// A way for callers to say who they are.
enum SecurityScheme: String, Sendable, CaseIterable {
    case bearer, apiKey

    var definition: JSON {
        switch self {
        case .bearer: ["type": "http", "scheme": "bearer"]
        case .apiKey: ["type": "apiKey", "in": "header", "name": "x-api-key"]
        }
    }
}
