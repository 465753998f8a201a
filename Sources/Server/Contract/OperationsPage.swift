internal import Base

/// The operations as a page: plain HTML that needs nothing but itself, so that `default-src 'self'` allows all of it.
struct OperationsPage: Sendable {
    let routes: [Route]

    var bytes: [UInt8] {
        var html = """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Tutti: operations</title></head><body>
            <h1>Tutti \(Self.escaped(TuttiVersion.text))</h1>
            <p>The contract for machines is <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p>

            """
        for tag in Operation.Tag.allCases {
            let own = routes.filter { $0.operation.tag == tag }
            guard !own.isEmpty else { continue }
            html += "<h2>\(Self.escaped(tag.rawValue))</h2>\n<p>\(Self.escaped(tag.meaning))</p>\n<dl>\n"
            for route in own { html += Self.entry(route) }
            html += "</dl>\n"
        }
        return Array((html + "</body></html>\n").utf8)
    }

    private static func entry(_ route: Route) -> String {
        let operation = route.operation
        var html = "<dt><code>\(escaped(route.method)) \(escaped(route.contractPath))</code></dt>\n"
        html += "<dd><p>\(escaped(operation.summary))"
        if let details = operation.details { html += " \(escaped(details))" }
        html += "</p>\n<p>"
        if let body = operation.body { html += "Body: <code>\(escaped(body))</code>. " }
        let errors = Set(route.errors.map(\.status)).subtracting(operation.answers.map(\.status)).sorted()
        html += "Answers: \(operation.answers.map { String($0.status) }.joined(separator: ", "));"
        html += " errors: \(errors.map(String.init).joined(separator: ", ")).</p></dd>\n"
        return html
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
