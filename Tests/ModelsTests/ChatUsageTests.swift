import Base
import JSON
import Testing

@testable import Models

@Suite("What answers used, in every spelling")
struct ChatUsageTests {
    static func whole(_ usage: String, model: String = "m", _ more: String = "") throws -> Usage? {
        try OpenAI.decodeCompletion(
            Array(
                #"{"model":"\#(model)","choices":[{"message":{"content":"a"},"finish_reason":"stop"}],"usage":\#(usage)\#(more)}"#
                    .utf8)
        ).usage
    }

    static func streamed(_ usage: String, model: String = "m", _ more: String = "") -> Usage? {
        var assembler = Assembler()
        let frame = #"{"model":"\#(model)","choices":[],"usage":\#(usage)\#(more)}"#
        for event in StreamTests.decode(StreamTests.hello + StreamTests.end + "data: \(frame)\n\n").events {
            assembler.add(event)
        }
        return assembler.completion.usage
    }

    /// The shapes that providers have been seen to use, and what they mean.
    static let shapes: [(usage: String, model: String, Usage?)] = [
        (
            #"{"prompt_tokens":26,"completion_tokens":5,"total_tokens":31}"#, "gpt-4o",
            Usage(promptTokens: 26, completionTokens: 5)
        ),
        (
            #"{"prompt_tokens":20,"completion_tokens":4,"total_tokens":24,"prompt_tokens_details":{"cached_tokens":10}}"#,
            "mistral-large-latest", Usage(promptTokens: 20, completionTokens: 4, cachedTokens: 10)
        ),
        (
            #"{"prompt_tokens":976,"completion_tokens":70,"total_tokens":1046,"prompt_cache_hit_tokens":896,"prompt_cache_miss_tokens":80,"completion_tokens_details":null,"audio_tokens":null}"#,
            "deepseek-chat", Usage(promptTokens: 976, completionTokens: 70, cachedTokens: 896)
        ),
        (
            #"{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"queue_time":0.1,"total_time":1e-3,"completion_tokens_details":{"reasoning_tokens":2}}"#,
            "openai/gpt-oss-120b", Usage(promptTokens: 9, completionTokens: 3, reasoningTokens: 2)
        ),
        (
            #"{"prompt_tokens":2168,"completion_tokens":5,"total_tokens":2173,"prompt_tokens_details":{"cached_tokens":2161,"cache_write_tokens":2161},"cost":4.1e-05}"#,
            "google/gemini-2.5-flash",
            Usage(promptTokens: 2168, completionTokens: 5, cachedTokens: 2161, cacheWriteTokens: 2161)
        ),
        // More reasoning than answer, and a total that has none of it.
        (
            #"{"prompt_tokens":43,"completion_tokens":10,"total_tokens":53,"completion_tokens_details":{"reasoning_tokens":11}}"#,
            "minimax/minimax-m2:free", Usage(promptTokens: 43, completionTokens: 10, reasoningTokens: 11)
        ),
        // Thoughts in the total alone.
        (
            #"{"prompt_tokens":66,"completion_tokens":6,"total_tokens":100}"#, "gemini-2.5-pro-preview-05-06",
            Usage(promptTokens: 66, completionTokens: 34, reasoningTokens: 28)
        ),
        (
            #"{"prompt_tokens":32,"completion_tokens":9,"total_tokens":135,"completion_tokens_details":{"reasoning_tokens":94}}"#,
            "grok-3-mini", Usage(promptTokens: 32, completionTokens: 103, reasoningTokens: 94)
        ),
        // Totals that nothing explains.
        (
            #"{"prompt_tokens":66,"completion_tokens":6,"total_tokens":100}"#, "m",
            Usage(promptTokens: 66, completionTokens: 6)
        ),
        (
            #"{"prompt_tokens":66,"completion_tokens":6,"total_tokens":7}"#, "gemini-3",
            Usage(promptTokens: 66, completionTokens: 6)
        ),
        (
            #"{"prompt_tokens":10,"completion_tokens":6,"total_tokens":30,"completion_tokens_details":{"reasoning_tokens":5}}"#,
            "gemini-3", Usage(promptTokens: 10, completionTokens: 6, reasoningTokens: 5)
        ),
        (
            #"{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807,"total_tokens":9223372036854775807}"#,
            "gemini-3", Usage(promptTokens: .max, completionTokens: .max)
        ),
        (#"{"prompt_tokens":7}"#, "m", Usage(promptTokens: 7, completionTokens: 0)),
        ("{}", "m", nil), ("null", "m", nil), (#"{"total_tokens":7}"#, "m", nil), ("7", "m", nil),
    ]

    @Test("every shape means the same, streamed and whole", arguments: shapes)
    func meaning(_ row: (usage: String, model: String, expected: Usage?)) throws {
        #expect(try Self.whole(row.usage, model: row.model) == row.expected)
        #expect(Self.streamed(row.usage, model: row.model) == row.expected)
    }

    static let plain = #"{"prompt_tokens":1,"completion_tokens":1}"#

    static func with(_ more: String) -> String { #"{"prompt_tokens":1,"completion_tokens":1,\#(more)}"# }

    static let reasons: [(usage: String, more: String, Usage.Unpriced?)] = [
        (plain, "", nil), (plain, #","service_tier":"default""#, nil), (plain, #","service_tier":null"#, nil),
        (plain, #","service_tier":"on_demand""#, nil), (plain, #","service_tier":"standard""#, nil),
        (plain, #","service_tier":"priority""#, .serviceTier), (plain, #","service_tier":"flex""#, .serviceTier),
        (plain, #","service_tier":"provisioned""#, .serviceTier), (plain, #","service_tier":"new""#, .serviceTier),
        (
            with(#""prompt_tokens_details":{"audio_tokens":0},"completion_tokens_details":{"audio_tokens":null}"#), "",
            nil
        ),
        (with(#""prompt_tokens_details":{"audio_tokens":5}"#), "", .media),
        (with(#""completion_tokens_details":{"audio_tokens":5}"#), "", .media),
        (with(#""completion_tokens_details":{"image_tokens":5}"#), "", .media),
        (with(#""server_tool_use_details":{"web_search_requests":1}"#), "", .serverTools),
        (with(#""server_tool_use_details":{"tool_calls_requested":1,"tool_calls_executed":1}"#), "", .serverTools),
        (with(#""server_tool_use_details":{"tool_calls_requested":1,"tool_calls_executed":0}"#), "", nil),
        (plain, #","usage_breakdown":{"models":null}"#, nil),
        (plain, #","usage_breakdown":{"models":[{"model":"x"}]}"#, .otherModels),
    ]

    @Test("what the prices of tokens do not tell has no cost", arguments: reasons)
    func cost(_ row: (usage: String, more: String, reason: Usage.Unpriced?)) throws {
        let usage = try #require(try Self.whole(row.usage, row.more))
        #expect(usage.unpriced == row.reason)
        #expect(Self.streamed(row.usage, row.more) == usage)
        let record = UsageRecord(
            target: Target(provider: "p", model: "m"), usage: usage, prices: Prices(CostTests.rates("1", "1")))
        #expect(record.cost == (row.reason == nil ? Money("0.000002") : nil))
        #expect(record.tokens == TokenCounts(Usage(promptTokens: 1, completionTokens: 1)))
    }

    @Test("the class of service may be named before the usage")
    func earlyTier() {
        let hello = StreamTests.hello.replacing(#""id":"1","#, with: #""id":"1","service_tier":"flex","#)
        let end = StreamTests.end.replacing(
            #""id":"1","#, with: #""id":"1","service_tier":null,"usage":\#(Self.plain),"#)
        var assembler = Assembler()
        for event in StreamTests.decode(hello + end).events { assembler.add(event) }
        #expect(assembler.completion.usage?.unpriced == .serviceTier)
    }

    static let anthropic: [(start: String, end: String, Usage.Unpriced?)] = [
        ("", "", nil), (#","service_tier":"standard","inference_geo":"global","speed":"standard""#, "", nil),
        (#","service_tier":"priority""#, "", .serviceTier), (#","service_tier":"batch""#, "", .serviceTier),
        ("", #","speed":"fast""#, .serviceTier), (#","inference_geo":"not_available""#, "", nil),
        (#","inference_geo":"us""#, "", .region),
        ("", #","server_tool_use":{"web_search_requests":0,"web_fetch_requests":3}"#, nil),
        ("", #","server_tool_use":{"web_search_requests":1}"#, .serverTools),
        ("", #","iterations":[{"type":"message"}]"#, nil),
        ("", #","iterations":[{"type":"message"},{"type":"advisor_message","model":"x"}]"#, .otherModels),
        (#","service_tier":"batch""#, #","iterations":[]"#, .serviceTier),
    ]

    @Test("Anthropic's answers say it at the start or at the end", arguments: anthropic)
    func anthropicSays(_ row: (start: String, end: String, reason: Usage.Unpriced?)) throws {
        let counts = #""input_tokens":1,"output_tokens":1"#
        let stream = """
            data: {"type":"message_start","message":{"usage":{\(counts)\(row.start)}}}

            data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1\(row.end)}}

            data: {"type":"message_stop"}


            """
        var decoder = Anthropic.StreamDecoder()
        var events: [ModelEvent] = []
        try decoder.feed(Array(stream.utf8), into: &events)
        try decoder.finish(into: &events)
        var assembler = Assembler()
        for event in events { assembler.add(event) }
        #expect(assembler.completion.usage?.unpriced == row.reason)
        let body = #"{"content":[],"stop_reason":"end_turn","usage":{\#(counts)\#(row.start)\#(row.end)}}"#
        #expect(try Anthropic.decodeCompletion(Array(body.utf8)).usage == assembler.completion.usage)
    }
}

@Suite("Recorded answers whose cost nobody can know", .enabled(if: Recording.isThere, Recording.skipped))
struct UnpricedRecordingsTests {
    static let expected: [String: Usage.Unpriced] = [
        "openllmetry_openai:44": .serviceTier, "openllmetry_openai:45": .serviceTier,
        "pydanticai_openrouter:26": .serviceTier, "pydanticai_openrouter:2": .serverTools,
        "pydanticai_openrouter:7": .serverTools, "pydanticai_openrouter:8": .serverTools,
        "pydanticai_openrouter:20": .serverTools, "pydanticai_openrouter:22": .serverTools,
        "pydanticai_groq:7": .otherModels, "pydanticai_groq:8": .otherModels,
    ]

    @Test("they are these, and no others")
    func chat() {
        var found: [String: Usage.Unpriced] = [:]
        for recording in Recording.all where recording.status == 200 {
            let usage =
                recording.isStream
                ? CatalogueRecordingsTests.streamed(recording.body)
                : (try? OpenAI.decodeCompletion(recording.body))?.usage
            found[recording.name] = usage?.unpriced
        }
        #expect(found == Self.expected)
    }

    @Test("Anthropic's: a search, or an advisor")
    func anthropic() {
        var found: [String: Usage.Unpriced] = [:]
        for exchange in RecordedExchange.anthropic where exchange.status == 200 {
            if exchange.isStream {
                for event in AnthropicStreamTests.decode(exchange.body, cutEvery: 1000).events {
                    if case .usage(let usage) = event.kind { found[exchange.name] = usage.unpriced }
                }
            } else {
                found[exchange.name] = (try? Anthropic.decodeCompletion(exchange.body))?.usage?.unpriced
            }
        }
        let searches = found.filter { $0.value == .serverTools }.keys.sorted()
        #expect(searches == ["pydanticai_anthropic:28", "pydanticai_google:48"])
        let advised = found.filter { $0.value == .otherModels }.keys.sorted()
        #expect(advised == [1, 31, 32, 34].map { "pydanticai_anthropic:\($0)" })
        #expect(found.count == searches.count + advised.count)
    }

    @Test("what Google leaves out of the answer's tokens is paid for as reasoning")
    func hiddenThoughts() throws {
        let recording = try #require(Recording.all.first { $0.name == "pydanticai_openai:5" })
        let usage = try #require(try OpenAI.decodeCompletion(recording.body).usage)
        #expect(usage == Usage(promptTokens: 66, completionTokens: 34, totalTokens: 100, reasoningTokens: 28))
        #expect(Prices(CostTests.rates("1", "10", reasoning: "100")).cost(of: usage) == Money("0.002926"))
    }
}
