import Base
import JSON
import Testing

@testable import Models

/// Requests for an answer in a form, and what becomes of them.
enum Shaped {
    static let person = #"{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}"#
    static let schema = format(person)
    static let anyJSON = #""response_format":{"type":"json_object"}"#
    static let tools = AnthropicRulesTests.tool

    static func format(_ schema: String, name: String = "person") -> String {
        #""response_format":{"type":"json_schema","json_schema":{"name":"\#(name)","schema":\#(schema)}}"#
    }

    /// What the catalogue knows of a model with these capabilities.
    static func entry(_ capabilities: Set<Capability>?, provider: String = "lab") -> CatalogueEntry {
        var row = CatalogueRow(provider: provider, model: "m")
        row.capabilities = capabilities
        return CatalogueEntry(row, over: nil)
    }

    static func call(
        _ fields: String, from dialect: Dialect = .openai, model: String = "m", entry: CatalogueEntry? = nil,
        streaming: Bool = false
    ) throws -> ModelCall {
        let body = Asking.body((dialect == .anthropic ? #""max_tokens":9,"# : "") + fields)
        let request =
            dialect == .anthropic
            ? try Anthropic.decodeRequest(Array(body.utf8)) : try OpenAI.decodeRequest(Array(body.utf8))
        return ModelCall(request: request, model: model, streaming: streaming, entry: entry)
    }

    /// What is sent to a provider of the dialect.
    static func sent(_ call: ModelCall, to upstream: Dialect) throws -> JSON {
        let bytes =
            upstream == .anthropic
            ? try Anthropic.encodeRequest(call, asksForUsage: false)
            : try OpenAI.encodeRequest(call, asksForUsage: false)
        return try JSON(bytes)
    }

    /// The plan in a word, and the tool's name.
    static func plan(_ call: ModelCall, at upstream: Dialect) -> String {
        do throws(CodedError) {
            switch try AnswerTool.plan(for: call, at: upstream) {
            case .native: return "native"
            case .none: return "none"
            case .emulated(let tool): return "\(tool.choice) \(tool.name)"
            }
        } catch { return "\(error.code) \(error.param ?? "-")" }
    }
}

@Suite("How an answer's form is asked for")
struct StructuredOutputPlanTests {
    struct Case: Sendable {
        var fields: String
        var to: Dialect
        var from = Dialect.openai
        var capabilities: Set<Capability>?
        var provider = "lab"
        var model = "m"
        let expected: String

        init(
            _ fields: String, to: Dialect, from: Dialect = .openai, known capabilities: Set<Capability>? = nil,
            provider: String = "lab", model: String = "m", _ expected: String
        ) {
            (self.fields, self.to, self.from, self.capabilities) = (fields, to, from, capabilities)
            (self.provider, self.model, self.expected) = (provider, model, expected)
        }
    }

    static let config = #""output_config":{"format":{"type":"json_schema","schema":\#(Shaped.person)}}"#
    static let ownTool = #""tools":[{"name":"f","input_schema":{"type":"object"}}]"#
    static let forced = #"\#(Shaped.tools),"tool_choice":{"type":"function","function":{"name":"f"}}"#
    static let noSchema = #""response_format":{"type":"json_schema","json_schema":{"name":"n"}}"#

    static let cases: [Case] = [
        // No form, or text.
        Case(#""user":"u""#, to: .anthropic, known: [.tools], "native"),
        Case(#""response_format":{"type":"text"}"#, to: .anthropic, known: [.tools], "native"),
        // A schema, to Anthropic.
        Case(Shaped.schema, to: .anthropic, known: [.tools, .jsonSchema], "native"),
        Case(Shaped.schema, to: .anthropic, known: [.jsonSchema], "native"),
        Case(Shaped.schema, to: .anthropic, known: [.tools], "forced person"),
        Case(Shaped.schema, to: .anthropic, known: [], "unsupported_by_model response_format"),
        Case(Shaped.schema, to: .anthropic, "forced person"),
        Case(Shaped.schema, to: .anthropic, model: "claude-sonnet-4-5", "native"),
        Case(Shaped.schema, to: .anthropic, model: "claude-3-opus", "forced person"),
        Case(noSchema, to: .anthropic, known: [.tools], "unsupported_by_model response_format"),
        Case(noSchema, to: .anthropic, "unsupported_by_model response_format"),
        // Its own clients: the catalogue may know better than they, a guess may not.
        Case(config, to: .anthropic, from: .anthropic, "native"),
        Case(config, to: .anthropic, from: .anthropic, known: [.tools, .jsonSchema], "native"),
        Case(config, to: .anthropic, from: .anthropic, known: [.tools], "forced answer"),
        Case(config, to: .anthropic, from: .anthropic, known: [], "unsupported_by_model output_config.format"),
        Case(
            #"\#(config),"tools":[{"type":"web_search_20250305","name":"web_search"}]"#, to: .anthropic,
            from: .anthropic, known: [.tools], "oneOfAll answer"),
        // Any JSON.
        Case(Shaped.anyJSON, to: .anthropic, known: [.tools, .jsonSchema], "forced answer"),
        Case(Shaped.anyJSON, to: .anthropic, "forced answer"),
        Case(Shaped.anyJSON, to: .anthropic, known: [.jsonSchema], "unsupported_by_model response_format"),
        Case(Shaped.anyJSON, to: .openai, known: [.tools], "native"),
        Case(Shaped.anyJSON, to: .openai, known: [], "native"),
        // A schema, to OpenAI's dialect.
        Case(Shaped.schema, to: .openai, "native"),
        Case(Shaped.schema, to: .openai, known: [.tools, .jsonSchema], "native"),
        Case(Shaped.schema, to: .openai, known: [.tools, .jsonObject], "forced person"),
        Case(Shaped.schema, to: .openai, known: [.jsonObject], "unsupported_by_model response_format"),
        Case(noSchema, to: .openai, known: [.tools], "native"),
        Case(config, to: .openai, from: .anthropic, known: [.tools], "forced answer"),
        Case(config, to: .openai, from: .anthropic, "native"),
        Case(config, to: .responses, from: .anthropic, known: [.tools], "native"),
        // With tools of the client's.
        Case("\(Shaped.schema),\(Shaped.tools)", to: .anthropic, known: [.tools], "oneOfAll person"),
        Case(
            "\(Shaped.schema),\(Shaped.tools),\"tool_choice\":\"auto\"", to: .openai, known: [.tools], "oneOfAll person"
        ),
        Case(
            "\(Shaped.schema),\(Shaped.tools),\"tool_choice\":\"required\"", to: .openai, known: [.tools],
            "oneOfAll person"),
        Case(
            "\(Shaped.schema),\(Shaped.tools),\"tool_choice\":\"none\"", to: .openai, known: [.tools], "forced person"),
        Case("\(Shaped.schema),\(forced)", to: .anthropic, known: [.tools], "none"),
        Case("\(Shaped.schema),\(forced)", to: .openai, known: [.tools], "none"),
        Case("\(Shaped.schema),\(forced)", to: .openai, known: [.tools, .jsonSchema], "native"),
        Case(
            #"\#(Shaped.schema),\#(Shaped.tools),"tool_choice":{"type":"allowed_tools"}"#, to: .openai, known: [.tools],
            "native"),
        // Models that take no orders.
        Case(Shaped.schema, to: .openai, known: [.tools, .thinking], provider: "deepseek", "offered person"),
        Case(Shaped.schema, to: .openai, known: [.tools], provider: "deepseek", "forced person"),
        Case(Shaped.schema, to: .openai, known: [.tools, .thinking], provider: "groq", "forced person"),
    ]

    @Test("by the provider's dialect and what is known of the model", arguments: cases)
    func plan(_ sample: Case) throws {
        let entry = sample.capabilities.map { Shaped.entry($0, provider: sample.provider) }
        let call = try Shaped.call(sample.fields, from: sample.from, model: sample.model, entry: entry)
        #expect(Shaped.plan(call, at: sample.to) == sample.expected)
    }

    @Test("a row that says nothing of what the model can do is as none")
    func unknownCapabilities() throws {
        let call = try Shaped.call(Shaped.schema, entry: Shaped.entry(nil))
        #expect(Shaped.plan(call, at: .openai) == "native")
        #expect(Shaped.plan(call, at: .anthropic) == "forced person")
    }

    @Test(
        "models of the catalogue",
        arguments: [
            ("anthropic/claude-3-haiku-20240307", Dialect.anthropic, "forced person"),
            ("anthropic/claude-sonnet-4-5", .anthropic, "native"),
            ("anthropic/claude-2.1", .anthropic, "unsupported_by_model response_format"),
            ("groq/llama-3.3-70b-versatile", .openai, "forced person"),
            ("groq/openai/gpt-oss-120b", .openai, "native"), ("openai/gpt-4o", .openai, "native"),
            ("openai/gpt-4-turbo", .openai, "forced person"), ("openai/never-heard-of", .openai, "native"),
            ("deepseek/deepseek-chat", .openai, "forced person"),
            ("deepseek/deepseek-reasoner", .openai, "offered person"),
        ])
    func catalogue(name: String, upstream: Dialect, expected: String) throws {
        let target = try #require(Target(name))
        let call = try Shaped.call(
            Shaped.schema, model: target.model, entry: Catalogue.builtIn.entry(of: target))
        #expect(Shaped.plan(call, at: upstream) == expected)
    }

    @Test("what has been settled once stays so", arguments: [Dialect.openai, .anthropic])
    func idempotent(upstream: Dialect) throws {
        for fields in [Shaped.schema, "\(Shaped.schema),\(Self.forced)", "\(Shaped.schema),\(Shaped.tools)"] {
            let call = try Shaped.call(fields, entry: Shaped.entry([.tools]))
            let once = try AnswerTool.applied(to: call, at: upstream).call
            let twice = try AnswerTool.applied(to: once, at: upstream)
            #expect(twice.tool == nil)
            #expect(try Shaped.sent(twice.call, to: upstream) == Shaped.sent(call, to: upstream))
        }
    }
}
