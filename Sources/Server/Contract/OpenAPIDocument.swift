internal import Base
internal import JSON

/// The contract of a route table, as OpenAPI 3.1. The same table gives the same bytes.
struct OpenAPIDocument: Sendable {
    let routes: [Route]
    /// Whether callers need a key; otherwise the contract asks for none.
    var asksForKeys = true

    var json: JSON {
        let used = Operation.Tag.allCases.filter { tag in routes.contains { $0.operation.tag == tag } }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Tutti", "version": .string(TuttiVersion.text),
                "summary": "An AI orchestration server.",
            ],
            "servers": [["url": "/"]],
            "tags": .array(used.map { ["name": .string($0.rawValue), "description": .string($0.meaning)] }),
            "paths": paths,
            "components": components,
        ]
    }

    /// The paths in the order of the table, the methods of one together.
    private var paths: JSON {
        var paths: [JSON.Member] = []
        for route in routes {
            let member = JSON.Member(route.method.lowercased(), operation(of: route))
            if let known = paths.firstIndex(where: { $0.key == route.contractPath }) {
                paths[known].value[member.key] = member.value
            } else {
                paths.append(JSON.Member(route.contractPath, .object([member])))
            }
        }
        return .object(paths)
    }

    private func operation(of route: Route) -> JSON {
        let operation = route.operation
        var json: JSON = [
            "operationId": .string(operation.id), "summary": .string(operation.summary),
            "tags": [.string(operation.tag.rawValue)],
        ]
        if let details = operation.details { json["description"] = .string(details) }
        json["parameters"] = .array((operation.parameters + OpenAPIDocument.everywhere).map(OpenAPIDocument.parameter))
        if let body = operation.body {
            json["requestBody"] = [
                "required": true, "content": .object([JSON.Member(operation.bodyType, ["schema": Schema.ref(body)])]),
            ]
        }
        json["responses"] = OpenAPIDocument.responses(of: route)
        if asksForKeys, !route.securitySchemes.isEmpty {
            json["security"] = .array(route.securitySchemes.map { .object([JSON.Member($0.rawValue, [])]) })
        }
        return json
    }

    /// Taken by every route.
    private static let everywhere = [
        Operation.Parameter(
            name: "x-request-id", place: .header,
            meaning: "The request's id, if it matches the pattern; otherwise the server makes one.",
            schema: Schema.header)
    ]

    private static func parameter(_ parameter: Operation.Parameter) -> JSON {
        [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "required": .bool(parameter.place == .path), "description": .string(parameter.meaning),
            "schema": parameter.schema,
        ]
    }

    private var components: JSON {
        let schemas = ContractSchemas.all.map { JSON.Member($0.name, $0.schema) }
        var components: JSON = ["schemas": .object(schemas)]
        let schemes = SecurityScheme.allCases.filter { scheme in
            asksForKeys && routes.contains { $0.securitySchemes.contains(scheme) }
        }
        if !schemes.isEmpty {
            components["securitySchemes"] = .object(schemes.map { JSON.Member($0.rawValue, $0.definition) })
        }
        return components
    }
}

extension OpenAPIDocument {
    /// By status, ascending: what the operation answers, and its errors in the form of the route's dialect.
    fileprivate static func responses(of route: Route) -> JSON {
        var byStatus: [Int: JSON] = [:]
        for answer in route.operation.answers { byStatus[answer.status] = response(answer) }
        for (status, codes) in Dictionary(grouping: route.errors, by: \.status) {
            let failure = failure(codes, of: route)
            guard var both = byStatus[status] else {
                byStatus[status] = failure
                continue
            }
            // An answer of its own and errors under one status: a stopping server's probe.
            for member in failure["content"]?.object ?? [] where both["content"]?[member.key] == nil {
                var content = both["content"] ?? .object([])
                content[member.key] = member.value
                both["content"] = content
            }
            byStatus[status] = both
        }
        return .object(byStatus.sorted { $0.key < $1.key }.map { JSON.Member(String($0.key), $0.value) })
    }

    private static func response(_ answer: ContractAnswer) -> JSON {
        var json: JSON = ["description": .string(answer.meaning), "headers": headers(answer.headers)]
        guard !answer.content.isEmpty else { return json }
        json["content"] = .object(
            answer.content.map { type, schema in
                var media: JSON = schema.map { ["schema": $0] } ?? .object([])
                if schema == nil, !answer.events.isEmpty {
                    media["x-events"] = .object(answer.events.map { JSON.Member($0.name, $0.schema) })
                }
                return JSON.Member(type, media)
            })
        return json
    }

    private static func failure(_ codes: [ErrorCode], of route: Route) -> JSON {
        let isRetryable = codes.contains(where: \.retryable)
        let own: (type: String, component: String) =
            if ErrorRendering.isAnthropic(route.path) {
                ("application/json", "AnthropicError")
            } else if route.path.hasPrefix("/v1/") {
                ("application/json", "OpenAIError")
            } else {
                ("application/problem+json", "Problem")
            }
        var forms = codes.allSatisfy(Route.protocolErrors.contains) ? [] : [own]
        // A body that does not come in time ends with its route's own form.
        if codes.contains(.requestTimeout) || codes.contains(.invalidHTTP), route.operation.body != nil {
            forms = [own]
        }
        if codes.contains(where: Route.protocolErrors.contains),
            !forms.contains(where: { $0.component == "OpenAIError" })
        {
            forms.append(("application/json", "OpenAIError"))
        }
        var content = JSON.object([])
        for form in forms {
            let schema = Schema.ref(form.component)
            let same = content[form.type]?["schema"]
            content[form.type] = ["schema": same.map { Schema.any($0, schema) } ?? schema]
        }
        let wait = (name: "retry-after", meaning: "Seconds, where it is known when to try again.")
        return [
            "description": .string(codes.map { "`\($0.name)`" }.joined(separator: ", ")),
            "headers": headers(isRetryable ? [wait] : []), "content": content,
        ]
    }

    private static func headers(_ own: [(name: String, meaning: String)]) -> JSON {
        let all = [(name: "x-request-id", meaning: "The request's id, as in the log.")] + own
        return .object(
            all.map { name, meaning in
                JSON.Member(
                    name, ["description": .string(meaning), "schema": Schema.header])
            })
    }
}
