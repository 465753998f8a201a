import Base
import Foundation
import Models
import Orchestrator
import Resilience
import Testing

@testable import Server
@testable import Telemetry

/// Documents that are made from tables in the code. `TUTTI_WRITE_DOCS=1` writes them anew.
@Suite("Generated documents")
struct GeneratedDocumentTests {
    private static let command = "TUTTI_WRITE_DOCS=1 ./test --filter GeneratedDocumentTests"
    private static let origin = "<!-- Made from the code by `\(command)`; do not edit. -->"

    private func check(_ path: String, is expected: String) throws {
        let file = Project.root.appending(path: path)
        if ProcessInfo.processInfo.environment["TUTTI_WRITE_DOCS"] == "1" {
            try expected.write(to: file, atomically: true, encoding: .utf8)
        }
        let found = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        let expectedLines = expected.components(separatedBy: "\n")
        let difference = expectedLines.difference(from: found.components(separatedBy: "\n"))
        let changes = difference.map { change in
            switch change {
            case .insert(let line, let text, _): "+\(line + 1): \(text)"
            case .remove(let line, let text, _): "-\(line + 1): \(text)"
            }
        }
        #expect(
            changes.isEmpty,
            "\(path) is not what the code says. Make it anew: \(Self.command)\n\(changes.joined(separator: "\n"))")
    }

    @Test("docs/errors.md is the table of error codes")
    func errors() throws {
        var text = """
            # Errors

            \(Self.origin)

            Every failure has one of these codes, whichever form its answer takes: OpenAI's envelope below `/v1/`, problem
            details (RFC 9457, `type` is `urn:tutti:error:<code>`) elsewhere, the event `ERROR` or an error event in a stream
            that has begun. The table itself is [`ErrorCode.swift`](../Sources/Base/ErrorCode.swift).

            *Whose* says who can mend it: the caller, the provider, or we, who run the server. *Again* says whether the same
            request may succeed later; `retry-after` then says when, where that is known. What a code of the server's own
            faults was is in its log alone: its caller reads that it was a technical error, and the id of the request.

            *Kind* is what a client can go by that does not know the code. The event `ERROR` names it, and
            `tutti_failed_runs_total` counts by it.

            | kind | meaning |
            | --- | --- |

            """
        for kind in ErrorKind.allCases { text += "| `\(kind.rawValue)` | \(kind.meaning) |\n" }
        text += "\n"
        let groups: [(ErrorCode.Fault, String, String)] = [
            (.caller, "The caller's request", "caller"), (.provider, "The providers", "provider"),
            (.us, "The server", "us"),
        ]
        for (fault, title, whose) in groups {
            text += "## \(title)\n\n"
            text += "| code | status | whose | kind | again | OpenAI's type | Anthropic's type | meaning |\n"
            text += "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
            for code in ErrorCode.all where code.fault == fault {
                text +=
                    "| `\(code.name)` | \(code.status) | \(whose) | `\(code.kind.rawValue)` "
                    + "| \(code.retryable ? "yes" : "no") | `\(code.openAIType)` | `\(code.anthropicType)` | \(code.meaning) |\n"
            }
            text += fault == .us ? "" : "\n"
        }
        try check("docs/errors.md", is: text)
    }

    @Test("docs/configuration.schema.json is the JSON Schema of the configuration")
    func configurationSchema() throws {
        try check("docs/configuration.schema.json", is: IndentedJSON.text(ConfigurationSchema.document))
    }

    @Test("codes are unique, and each is in the table's order of documentation once")
    func unique() { #expect(Set(ErrorCode.all.map(\.name)).count == ErrorCode.all.count) }

    @Test("docs/translation.md is the table of rules by which turns go from one dialect to the other")
    func translation() throws {
        var text = """
            # Translation between dialects

            \(Self.origin)

            A turn whose client and provider speak the same dialect goes through in the client's bytes. Any other is written
            anew by these rules: *kept* arrives with its value, *changed* in another form, *dropped* is left out because the
            answer can do without, *refused* answers 400 with the field's `param`, for without it the meaning would be another.

            """
        func cell(_ name: String?) -> String { name.map { "`\($0.replacing(", ", with: "`, `"))`" } ?? "" }
        for place in TranslationRule.Place.allCases {
            text += "\n## \(place == .request ? "Requests" : place == .message ? "Messages" : "Answers")\n\n"
            text +=
                "| what | OpenAI's name | Anthropic's name | to Anthropic | to OpenAI | |\n| --- | --- | --- | --- | --- | --- |\n"
            for rule in TranslationRule.all where rule.place == place {
                text +=
                    "| \(rule.field) | \(cell(rule.openAI)) | \(cell(rule.anthropic)) "
                    + "| \(rule.toAnthropic?.rawValue ?? "") | \(rule.toOpenAI?.rawValue ?? "") | \(rule.note) |\n"
            }
        }
        try check("docs/translation.md", is: text)
    }

    private static let reasons: String = {
        let skips = HedgeRace.Skip.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
        let noticed = InputFindings.names.map { "`\($0)`" }.joined(separator: ", ")
        return "of calls that were not hedged \(skips); of what the input guard noticed \(noticed)"
    }()

    private static let causes = Breaker.Cause.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")

    /// Where a label's values come from. None comes from a client.
    private static let labels: [String: String] = [
        "metric": "the name of a metric",
        "route": "the path of a route as in [api.md](api.md), `other` for what has none",
        "method": "`GET`, `POST`, `HEAD`, `PUT`, `DELETE`, `OPTIONS`, `PATCH` or `other`",
        "status": "the HTTP status",
        "provider": "the name of a configured provider",
        "model": "a model that the configuration names, `other` for those that only callers named",
        "code": "`ok`, or a code of [errors.md](errors.md); empty for a circuit that knows no error",
        "gen_ai_operation_name": "`chat` or `embeddings`",
        "gen_ai_provider_name": "as `provider`",
        "gen_ai_request_model": "as `model`",
        "gen_ai_token_type": "`input`, `output`",
        "error_type": "empty, or a code of [errors.md](errors.md)",
        "kind": "of repairs "
            + Repairs.Kind.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            + "; of findings " + GuardKind.builtIn.map { "`\($0.name)`" }.joined(separator: ", ")
            + ", or the name of one of `guards.patterns`; of failed runs "
            + ErrorKind.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
        "outcome": "of checked forms " + FormatOutcome.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            + "; of look-ups `hit`, `miss`; of turns "
            + TurnOutcome.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
        "phase": "of runs " + RunPhase.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            + "; of experts `finished`, `left_out`, `fallback`, `cached`",
        "cache": "`expert`, of experts of plans that allow it",
        "state": "`closed`, `open`, `half_open`, `forced_open`, `forced_closed`",
        "cause": causes,
        "to": "`target`, or `key` for another key of the same one",
        "limit": TimeLimit.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
        "side": "`primary` for the one asked first, `hedge` for the other",
        "reason": reasons,
        "substitute": Degradation.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
        "key": "the place of the key in the provider's configuration, from 0",
        "priority": "`interactive`, `bulk`",
        "direction": "`received`, `sent`",
        "decision": AuthMeter.Decision.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", "),
        "verdict": "`passed`, or `incomplete` where no model said that the answer is over",
    ]

    @Test("docs/metrics.md lists every metric with its labels, and every label")
    func metrics() throws {
        let registry = ServerMetrics(knownTargets: []).registry
        let rendered = String(decoding: PrometheusText.render(registry), as: UTF8.self)
        var text = """
            # Metrics

            \(Self.origin)

            `GET /metrics` gives them in Prometheus' text format. Model calls are named as OpenTelemetry names them
            (`gen_ai_*`), the rest `tutti_*`. Units are seconds and tokens. A histogram has the series `_bucket` (with the label
            `le`), `_sum` and `_count`. The series of routes' times and of configured models are there from the start, others once something was counted.

            | metric | type | labels | meaning |
            | --- | --- | --- | --- |

            """
        var used: [String] = []
        for family in registry.all {
            let (name, type, labels, help) =
                switch family {
                case .counter(let family): (family.name, "counter", family.labels, family.help)
                case .gauge(let family): (family.name, "gauge", family.labels, family.help)
                case .histogram(let family): (family.name, "histogram", family.labels, family.help)
                }
            #expect(rendered.contains("# TYPE \(name) \(type)\n"), "/metrics does not show \(name)")
            let shown = labels.isEmpty ? "" : labels.map { "`\($0)`" }.joined(separator: ", ")
            text += "| `\(name)` | \(type) | \(shown) | \(help) |\n"
            used += labels.filter { !used.contains($0) }
        }
        text += "\n| label | values |\n| --- | --- |\n"
        for label in used {
            let values = try #require(Self.labels[label], "say where the values of the label \(label) come from")
            text += "| `\(label)` | \(values) |\n"
        }
        text += """

            Values come from the configuration, the route table and the code table; a client cannot make series.

            """
        try check("docs/metrics.md", is: text)
    }

    @Test("docs/architecture.md lists the rooms and what each imports, as Package.swift does")
    func rooms() throws {
        let package = try String(contentsOf: Project.root.appending(path: "Package.swift"), encoding: .utf8)
        let room = try Regex(#"room\(\s*"(\w+)",\s*imports: \[([^\]]*)\]\)"#)
        let modules = try Regex(#""(\w+)""#)
        let expected = package.matches(of: room).compactMap { match -> String? in
            guard let name = match.output[1].substring, let list = match.output[2].substring else { return nil }
            let imports = list.matches(of: modules).compactMap { $0.output[1].substring.map(String.init) }
            return "| `\(name)` | \(imports.map { "`\($0)`" }.joined(separator: ", ")) |"
        }
        let document = try String(contentsOf: Project.root.appending(path: "docs/architecture.md"), encoding: .utf8)
        let found = document.components(separatedBy: "\n").filter { $0.wholeMatchOfRoomImports }
        #expect(expected.count > 10)
        #expect(found == expected, "should be:\n\(expected.joined(separator: "\n"))")
    }
}

extension String {
    /// A row of the table of imports: a room, then nothing but rooms.
    fileprivate var wholeMatchOfRoomImports: Bool {
        let cells = split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        return cells.count == 2
            && cells.allSatisfy { cell in
                cell.split(separator: ",").allSatisfy { name in
                    let name = name.trimmingCharacters(in: .whitespaces)
                    return name.hasPrefix("`") && name.hasSuffix("`")
                        && name.dropFirst().dropLast().allSatisfy(\.isLetter)
                }
            }
    }
}
