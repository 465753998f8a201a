import Base
import JSON
import Models
import Testing

/// Requests of OpenAI's dialect as an upstream of Anthropic's gets them.
enum Asking {
    static let model = "claude-sonnet-4-5"

    static func body(_ fields: String = "", messages: String = #"{"role":"user","content":"hi"}"#) -> String {
        #"{"model":"m","messages":[\#(messages)]\#(fields.isEmpty ? "" : ",\(fields)")}"#
    }

    static func encode(
        _ request: ChatRequest, model: String = model, streaming: Bool = false
    ) throws(CodedError) -> JSON {
        let call = ModelCall(request: request, model: model, streaming: streaming)
        let bytes = try Anthropic.encodeRequest(call, asksForUsage: true)
        do { return try JSON(bytes) } catch {
            Issue.record("what is sent is not JSON: \(text(bytes))")
            return .null
        }
    }

    static func encode(_ body: String, model: String = model, streaming: Bool = false) throws(CodedError) -> JSON {
        try encode(OpenAI.decodeRequest(Array(body.utf8)), model: model, streaming: streaming)
    }

    static func refusal(_ body: String, model: String = model) -> CodedError? {
        do {
            _ = try encode(body, model: model)
            return nil
        } catch { return error }
    }
}

@Suite("The table of translation, from OpenAI's dialect to Anthropic's")
struct AnthropicRulesTests {
    /// A request with the field, the same without it, and what becomes of it.
    struct Sample: Sendable {
        var with: String
        var without = Asking.body()
        /// What shows in the body that is sent, for what is kept or changed.
        var shows = ""
        /// For what is refused.
        var param: String?
        var streaming = false
    }

    static let tool = #""tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}]"#
    static let call = #"{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1.50}"}}"#

    static func field(_ field: String, shows: String = "", param: String? = nil) -> Sample {
        Sample(with: Asking.body(field), shows: shows, param: param)
    }

    static func part(_ part: String, shows: String = "", param: String? = nil) -> Sample {
        Sample(
            with: Asking.body(messages: #"{"role":"user","content":[{"type":"text","text":"hi"},\#(part)]}"#),
            shows: shows, param: param)
    }

    static func message(_ fields: String, shows: String = "", param: String? = nil, without: String = "") -> Sample {
        let start = #"{"role":"user","content":"hi"},{"role":"assistant""#
        return Sample(
            with: Asking.body(messages: start + ",\(fields)}"),
            without: without.isEmpty ? Asking.body() : Asking.body(messages: start + ",\(without)}"), shows: shows,
            param: param)
    }

    static let requests: [String: Sample] = [
        "model": field("", shows: #""model":"claude-sonnet-4-5""#),
        "streaming": Sample(with: Asking.body(#""stream":true"#), shows: #""stream":true"#, streaming: true),
        "usage in a stream": field(#""stream":false,"stream_options":{"include_usage":true}"#),
        "most tokens of the answer": field(#""max_completion_tokens":77"#, shows: #""max_tokens":77"#),
        "temperature": field(#""temperature":0.25"#, shows: #""temperature":0.25"#),
        "top_p": field(#""top_p":0.5"#, shows: #""top_p":0.5"#),
        "stop sequences": field(#""stop":["x","","y"]"#, shows: #""stop_sequences":["x","y"]"#),
        "seed": field(#""seed":7"#),
        "penalties": field(#""frequency_penalty":1,"presence_penalty":-1"#),
        "biases of tokens": field(#""logit_bias":{"50256":-100}"#),
        "several answers": field(#""n":2"#, param: "n"),
        "log-probabilities": field(#""logprobs":true,"top_logprobs":3"#, param: "logprobs"),
        "end user": field(#""user":"u1""#, shows: #""metadata":{"user_id":"u1"}"#),
        "metadata": field(#""metadata":{"a":"b"}"#),
        "text as the answer": field(#""response_format":{"type":"text"}"#),
        "any JSON as the answer": field(
            #""response_format":{"type":"json_object"}"#,
            shows: #""tool_choice":{"type":"tool","name":"answer","disable_parallel_tool_use":true}"#),
        "a JSON schema of the answer": field(
            #""response_format":{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object"}}}"#,
            shows: #""output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}}"#),
        "thinking": field(
            #""reasoning_effort":"low""#, shows: #""thinking":{"type":"enabled","budget_tokens":1024}"#),
        "functions": field(tool, shows: #""tools":[{"name":"f","input_schema":{"type":"object"}}]"#),
        "early arguments": Sample(
            with: Asking.body(tool.replacing(#""type":"function","#, with: #""eager_input_streaming":true,"#)),
            without: Asking.body(tool)),
        "tools that are no functions": field(#""tools":[{"type":"web_search"}]"#, param: "tools"),
        "functions in their old form": field(#""functions":[{"name":"f"}]"#, param: "tools"),
        "choice of tools": Sample(
            with: Asking.body(#"\#(tool),"tool_choice":"required""#), without: Asking.body(tool),
            shows: #""tool_choice":{"type":"any"}"#),
        "choice among allowed tools": field(
            #"\#(tool),"tool_choice":{"type":"allowed_tools"}"#, param: "tool_choice"),
        "one call at a time": Sample(
            with: Asking.body(#"\#(tool),"parallel_tool_calls":false"#), without: Asking.body(tool),
            shows: #""tool_choice":{"type":"auto","disable_parallel_tool_use":true}"#),
        "class of service": field(#""service_tier":"priority""#),
        "fields of one provider alone": field(#""store":true,"prompt_cache_key":"k","provider":{"only":["x"]}"#),
        "speech and search in the answer": field(#""modalities":["text"],"web_search_options":{}"#),
    ]

    static let messages: [String: Sample] = [
        "instructions at the start": Sample(
            with: Asking.body(
                messages:
                    #"{"role":"system","content":"a"},{"role":"developer","content":"b"},{"role":"user","content":"hi"}"#
            ), shows: #""system":"a\n\nb""#),
        "instructions later": Sample(
            with: Asking.body(messages: #"{"role":"user","content":"hi"},{"role":"system","content":"a"}"#),
            param: "messages[1].role"),
        "instructions alone": Sample(
            with: Asking.body(messages: #"{"role":"system","content":"a"},{"role":"user","content":"\n"}"#),
            param: "messages"),
        "turns": message(
            #""content":"a"},{"role":"assistant","content":"b""#,
            shows: #"{"role":"assistant","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}"#),
        "text": message(
            #""content":[{"type":"text","text":""},{"type":"text","text":"a"},{"type":"text","text":" \n"}]"#,
            shows: #"{"role":"assistant","content":[{"type":"text","text":"a"}]}"#),
        "beginning of the answer": message(
            #""content":"So \n""#, shows: #"{"role":"assistant","content":[{"type":"text","text":"So"}]}"#),
        "name of a participant": Sample(
            with: Asking.body(messages: #"{"role":"user","name":"bob","content":"hi"}"#)),
        "image with its bytes": part(
            #"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}"#,
            shows: #"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}"#),
        "image by its address": part(
            #"{"type":"image_url","image_url":{"url":"https://x.y/z.png"}}"#,
            shows: #"{"type":"image","source":{"type":"url","url":"https://x.y/z.png"}}"#),
        "detail of an image": Sample(
            with: part(#"{"type":"image_url","image_url":{"url":"https://x.y/z","detail":"low"}}"#).with,
            without: part(#"{"type":"image_url","image_url":{"url":"https://x.y/z"}}"#).with),
        "sound": part(
            #"{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}"#, param: "messages[0].content[1]"),
        "file with its bytes": part(
            #"{"type":"file","file":{"file_data":"data:application/pdf;base64,AAAA"}}"#,
            shows: #"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AAAA"}}"#),
        "file by its address": part(
            #"{"type":"file","file":{"file_data":"https://x.y/z.pdf"}}"#,
            shows: #"{"type":"document","source":{"type":"url","url":"https://x.y/z.pdf"}}"#),
        "name of a file": part(
            #"{"type":"file","file":{"file_data":"https://x.y/z.pdf","filename":"z.pdf"}}"#,
            shows: #""title":"z.pdf""#),
        "file by its id": part(#"{"type":"file","file":{"file_id":"f1"}}"#, param: "messages[0].content[1]"),
        "cache mark on content": part(
            #"{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}"#,
            shows: #"{"type":"text","text":"b","cache_control":{"type":"ephemeral","ttl":"1h"}}"#),
        "other parts": part(#"{"type":"video_url","video_url":{}}"#, param: "messages[0].content[1]"),
        "refusal": message(
            #""content":[{"type":"refusal","refusal":"no"}],"refusal":"never""#,
            shows: #"[{"type":"text","text":"no"},{"type":"text","text":"never"}]"#),
        "thoughts": message(#""content":"a","reasoning_content":"hm""#, without: #""content":"a""#),
        "fields of one provider's answers, sent back": message(
            #""content":"a","annotations":[],"prefix":false,"reasoning_details":[{"type":"reasoning.text","text":"x"}]"#,
            without: #""content":"a""#),
        "tool calls": message(
            #""content":null,"tool_calls":[\#(call)]},{"role":"tool","tool_call_id":"c1","content":"r""#,
            shows: #"[{"type":"tool_use","id":"c1","name":"f","input":{"a":1.5}}]"#),
        "ids of tool calls": message(
            #""tool_calls":[\#(call.replacing("c1", with: "c.1"))]},{"role":"tool","tool_call_id":"c.1","content":"r""#,
            shows: #""tool_use_id":"id_632e31""#),
        "calls of tools that are no functions": message(
            #""tool_calls":[{"id":"c1","type":"custom","custom":{}}]},{"role":"tool","tool_call_id":"c1","content":"r""#,
            param: "messages[2].tool_call_id"),
        "results of tools": message(
            #""tool_calls":[\#(call)]},{"role":"tool","tool_call_id":"c1","content":"r"},{"role":"user","content":"so?""#,
            shows:
                #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"r"},{"type":"text","text":"so?"}]}"#
        ),
        "results of old functions": Sample(
            with: Asking.body(
                messages: #"{"role":"user","content":"hi"},{"role":"function","name":"f","content":"1"}"#),
            param: "messages[1].role"),
    ]

    static let rules = TranslationRule.all.filter { $0.place != .answer && $0.toAnthropic != nil }

    @Test("every rule does what the table says", arguments: rules.map(\.field))
    func walk(field: String) throws {
        let rule = try #require(Self.rules.first { $0.field == field })
        let sample = try #require(Self.requests[field] ?? Self.messages[field], "the rule has no sample")
        let outcome = try #require(rule.toAnthropic)
        guard outcome != .refused else {
            let error = try #require(Asking.refusal(sample.with))
            #expect([.unsupportedByModel, .invalidValue].contains(error.code))
            #expect(error.param == sample.param)
            #expect(error.message.contains("'\(error.param ?? "?")'"))
            return
        }
        let with = try Asking.encode(sample.with, streaming: sample.streaming)
        let without = try Asking.encode(sample.without, model: field == "model" ? "other" : Asking.model)
        #expect((with == without) == (outcome == .dropped))
        #expect(text(with.bytes).contains(sample.shows) && (outcome == .dropped) == sample.shows.isEmpty)
    }

    @Test("the table names every field once, says nothing of what a dialect does not have, and has no sample too many")
    func consistent() {
        #expect(Set(TranslationRule.all.map(\.field)).count == TranslationRule.all.count)
        for rule in TranslationRule.all {
            #expect((rule.openAI == nil) == (rule.toAnthropic == nil), "\(rule.field)")
            #expect((rule.anthropic == nil) == (rule.toOpenAI == nil), "\(rule.field)")
            #expect(rule.note.isEmpty || rule.note.hasSuffix("."), "\(rule.field)")
        }
        let samples = Set(Self.requests.keys).union(Self.messages.keys)
        #expect(samples == Set(Self.rules.map(\.field)))
    }
}
