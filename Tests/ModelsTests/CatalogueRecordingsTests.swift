import Base
import Foundation
import JSON
import Testing

@testable import Models

/// A recorded exchange of any dialect: where it went, the models that it names, and its chat usage, if any.
struct RecordedCall: Sendable, CustomTestStringConvertible {
    let name: String
    let host: String
    let models: Set<String>
    let body: [UInt8]
    let isChat: Bool

    var testDescription: String { name }
    var isStream: Bool { text(body).hasPrefix("data:") || text(body).contains("\ndata:") }

    static let all: [RecordedCall] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Recording.folder.path)) ?? []
        return names.filter { $0.hasSuffix(".jsonl") }.sorted().flatMap { read($0) }
    }()

    private static func read(_ file: String) -> [RecordedCall] {
        let text = try? String(contentsOf: Recording.folder.appendingPathComponent(file), encoding: .utf8)
        return (text ?? "").split(separator: "\n").enumerated().compactMap { number, line in
            guard let value = try? JSON(Array(line.utf8)), let url = value["url"]?.string.flatMap({ URL(string: $0) })
            else { return nil }
            let body = value["body_kind"] == "text" ? value["body"]?.string ?? "" : ""
            let answering = body.matches(of: /"(?:model|modelVersion)"\s*:\s*"([^"]+)"/).map { String($0.1) }
            let path = url.path.firstMatch(of: /\/models?\/([^\/]+?)(?::[a-zA-Z]+)?(?:$|\/)/).map { String($0.1) }
            let asked = value["request_body"]?["model"]?.string
            return RecordedCall(
                name: "\(file):\(number + 1)", host: url.host ?? "",
                models: Set(answering + [path, asked].compactMap { $0 }), body: Array(body.utf8),
                isChat: url.path.hasSuffix("/chat/completions"))
        }
    }

    /// The usage of the whole answer, or the last of the stream's, as the provider wrote it, and the model it named.
    var usage: (usage: JSON, model: String)? {
        let texts = isStream ? text(body).split(separator: "\n").map { $0.trimmingPrefix("data: ") } : [text(body)[...]]
        let values = texts.compactMap { try? JSON(Array($0.utf8)) }
        guard let last = values.last(where: { $0["usage"]?.object != nil }), let usage = last["usage"],
            let model = last["model"]?.string
        else { return nil }
        return (usage, model)
    }
}

@Suite("Recorded answers and the catalogue", .enabled(if: Recording.isThere, Recording.skipped))
struct CatalogueRecordingsTests {
    static let priced = RecordedCall.all.filter { $0.isChat && $0.usage != nil }

    /// Of providers that the catalogue knows: no models, models that nobody prices by the token, and offers of which no
    /// price was found.
    static let unpriced: Set = [
        "bedrock/does-not-exist-model-v1:0", "bedrock/us.does-not-exist-model-v1:0", "groq/non-existent",
        "bedrock/arn:aws:bedrock:us-east-1:123456789012:application-inference-profile",
        "openai/dall-e-2", "openai/omni-moderation-latest", "cohere/rerank-multilingual-v2.0", "openai/embedding",
        "groq/groq/compound", "groq/compound-beta", "anthropic/claude-instant-1.2",
        "cohere/command-a-reasoning-08-2025", "cerebras/qwen-3-coder-480b", "openrouter/openai/gpt-oss-20b",
        "openrouter/google/gemini-2.0-flash-exp:free", "openrouter/minimax/minimax-m2:free", "openrouter/z-ai/glm-4.6",
    ]

    @Test("every model that a recording names has a price, or is known to have none")
    func names() {
        var found = 0
        var missing: Set<String> = []
        for call in RecordedCall.all {
            guard let provider = Catalogue.builtIn.provider(atHost: call.host) else { continue }
            for model in call.models {
                let prices = Catalogue.builtIn.entry(of: Target(provider: provider, model: model))?.prices
                found += prices == nil ? 0 : 1
                if prices == nil { missing.insert("\(provider)/\(model)") }
            }
        }
        #expect(missing.subtracting(Self.unpriced).isEmpty)
        #expect(Self.unpriced.subtracting(missing).isEmpty)
        #expect(found > 400)
    }

    /// The bill by another way: decimals, the providers' own words, and the file's.
    static func bill(_ usage: JSON, _ row: JSON) -> Decimal? {
        func count(_ node: JSON?) -> Decimal { Decimal(node?.int ?? 0) }
        func price(_ name: String) -> Decimal? {
            row["prices"]?[name]?.string.flatMap { Decimal(string: $0, locale: Locale(identifier: "en_US_POSIX")) }
        }
        guard let input = price("input"), let output = price("output") else { return nil }
        let details = usage["prompt_tokens_details"]
        let prompt = count(usage["prompt_tokens"])
        let cached = count(details?["cached_tokens"] ?? usage["prompt_cache_hit_tokens"])
        let written = count(details?["cache_write_tokens"])
        // Google's thoughts are in the total alone.
        let hidden =
            row["model"]?.string?.contains("gemini") == true && usage["completion_tokens_details"] == nil
            ? count(usage["total_tokens"]) - prompt - count(usage["completion_tokens"]) : 0
        let completion = count(usage["completion_tokens"]) + hidden
        let reasoning = count(usage["completion_tokens_details"]?["reasoning_tokens"]) + hidden
        let plain = max(0, prompt - cached - written) * input + cached * (price("cached") ?? input)
        let rest = max(0, completion - reasoning) * output + reasoning * (price("reasoning") ?? output)
        return (plain + written * (price("write") ?? input) + rest) / 1_000_000
    }

    @Test("there are as many bills as we count on, with cached, written and reasoning tokens among them")
    func count() {
        #expect(Self.priced.count > 110)
        #expect(Self.priced.filter(\.isStream).count >= 14)
        let all = Self.priced.compactMap(\.usage?.usage)
        #expect(all.contains { ($0["prompt_tokens_details"]?["cached_tokens"]?.int ?? 0) > 0 })
        #expect(all.contains { ($0["prompt_tokens_details"]?["cache_write_tokens"]?.int ?? 0) > 0 })
        #expect(all.contains { ($0["completion_tokens_details"]?["reasoning_tokens"]?.int ?? 0) > 0 })
    }

    @Test("an answer costs the same to the last digit, streamed or whole", arguments: priced)
    func streamedAndWhole(call: RecordedCall) throws {
        let (raw, model) = try #require(call.usage)
        let recorded = try call.isStream ? Self.streamed(call.body) : OpenAI.decodeCompletion(call.body).usage
        let head = #"{"id":"1","model":"\#(model)","choices":[{"index":0,"#
        let tail = #","finish_reason":"stop"}],"usage":\#(text(raw.bytes))}"#
        let whole = try OpenAI.decodeCompletion(Array((head + #""message":{"content":"a"}"# + tail).utf8)).usage
        let stream = Self.streamed(Array(("data: " + head + #""delta":{"content":"a"}"# + tail + "\n\n").utf8))
        var usage = try #require(whole)
        #expect(usage == stream)
        // What the class of service does to the price is told beside the usage.
        if let recorded { usage.unpriced = recorded.unpriced }
        // A stream may break off with an error before its usage.
        #expect(recorded == usage || (recorded == nil && text(call.body).contains(#""error":{"#)))

        let provider = Catalogue.builtIn.provider(atHost: call.host) ?? ""
        let entry = Catalogue.builtIn.entry(of: Target(provider: provider, model: model))
        let cost = entry?.prices?.cost(of: usage)
        let row = try JSON(Array(Catalogue.data.utf8))["models"]?.array?.first {
            $0["provider"]?.string == entry?.provider && $0["model"]?.string == entry?.model
        }
        let expected = entry?.prices == nil ? nil : row.flatMap { Self.bill(raw, $0) }
        #expect(cost.flatMap { Decimal(string: $0.description) } == expected)
        #expect(cost != nil || entry?.prices == nil)
    }

    /// What a stream says of its usage, up to where it breaks off.
    static func streamed(_ body: [UInt8]) -> Usage? {
        var assembler = Assembler()
        for event in StreamTests.decode(body, cutEvery: 61).events { assembler.add(event) }
        return assembler.completion.usage
    }
}
