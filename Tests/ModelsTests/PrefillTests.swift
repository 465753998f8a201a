import Base
import JSON
import Testing

@testable import Models

@Suite("The beginning of the answer, said by the client")
struct PrefillTests {
    static let start = #"{"role":"user","content":"q"},"#

    static func assistant(_ content: String) -> String { #"{"role":"assistant","content":\#(content)}"# }

    /// `check` and then the encoding, as the gateway does it; `nil` where the request goes out.
    static func refusal(_ request: ChatRequest, at name: String) throws -> CodedError? {
        let target = try #require(Target(name))
        let entry = try SteeringTests.entry(name)
        let call = ModelCall(request: request, model: entry.model, streaming: false, entry: entry)
        return codedError {
            try request.check(against: entry, target)
            if entry.provider == "anthropic" {
                _ = try Anthropic.encodeRequest(call, asksForUsage: true)
            } else {
                _ = try OpenAI.encodeRequest(call, asksForUsage: true)
            }
        }
    }

    @Test(
        "from either dialect it is refused for a Claude without prefill, and from Anthropic's for any model without",
        arguments: [
            ("anthropic/claude-opus-4-8", true, true), ("anthropic/claude-haiku-5-5", true, true),
            ("anthropic/claude-haiku-4-5", false, false), ("openai/gpt-5.2", false, true),
        ])
    func refused(target: String, ofOpenAI: Bool, ofAnthropic: Bool) throws {
        let messages = Self.start + Self.assistant(#""So""#)
        let openAI = try OpenAI.decodeRequest(Array(Asking.body(messages: messages).utf8))
        let anthropic = try AnthropicRequestDecoderTests.decode(
            ClientPlaceTests.body(messages, system: #""system":"s","#))
        for (request, isRefused) in [(openAI, ofOpenAI), (anthropic, ofAnthropic)] {
            let error = try Self.refusal(request, at: target)
            #expect(error?.code == (isRefused ? .unsupportedByModel : nil))
            #expect(error?.param == (isRefused ? "messages[1]" : nil))
        }
    }

    @Test(
        "what says nothing, calls tools, or is not the last begins no answer",
        arguments: [
            assistant(#"" \n""#), assistant("null"), assistant("[]"), assistant(#"[{"type":"text","text":" "}]"#),
            assistant(#""So""#) + #",{"role":"user","content":"and?"}"#,
        ])
    func none(messages: String) throws {
        let request = try OpenAI.decodeRequest(Array(Asking.body(messages: Self.start + messages).utf8))
        #expect(request.prefill == nil)
        #expect(try Self.refusal(request, at: "anthropic/claude-opus-4-8") == nil)
    }

    @Test(
        "white space at its end is left out, of its last text alone",
        arguments: [
            (#""So \n""#, ["So"]), (#""  So""#, ["  So"]),
            (#"[{"type":"text","text":"a "},{"type":"text","text":"b\t"},{"type":"text","text":" "}]"#, ["a ", "b"]),
        ])
    func trimmed(content: String, texts: [String]) throws {
        func sent(_ more: String) throws -> [String?]? {
            let body = Asking.body(messages: Self.start + Self.assistant(content) + more)
            return try Asking.encode(body)["messages"]?[1]?["content"]?.array?.map { $0["text"]?.string }
        }
        #expect(try sent("") == texts)
        // A message with more after it stays as it is.
        #expect(try sent(#",{"role":"user","content":"and?"}"#)?.last != texts.last || content == #""  So""#)
    }

    @Test("no budget for thinking goes with it")
    func thinking() throws {
        let body = Asking.body(#""reasoning_effort":"low""#, messages: Self.start + Self.assistant(#""So""#))
        #expect(try Asking.encode(body)["thinking"] == nil)
    }
}
