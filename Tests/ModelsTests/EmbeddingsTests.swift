import Base
import Foundation
import HTTP
import HTTPClient
import JSON
import Testing

@testable import Models

@Suite("Embeddings in OpenAI's dialect") struct EmbeddingsTests {
    private static let answer =
        #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AACAPw=="}],"model":"m-0001","usage":{"prompt_tokens":3,"total_tokens":3}}"#

    @Test(
        "an input is a text, a list of texts, a list of tokens or a list of such lists",
        arguments: [
            (#""a""#, 1), (#"["a","b"]"#, 2), ("[1,2,3]", 1), ("[[1],[2,3]]", 2), (#"[""]"#, 1), ("[0]", 1),
        ])
    func inputs(input: String, count: Int) throws {
        let body = Array(#"{"model":"m","input":\#(input),"encoding_format":"base64","dimensions":8}"#.utf8)
        let request = try OpenAI.decodeEmbeddingRequest(body)
        #expect(request == EmbeddingRequest(model: "m", count: count, original: body))
    }

    @Test(
        "what is wrong is named",
        arguments: [
            (#"{"input":"a"}"#, "model"), (#"{"model":"m"}"#, "input"), (#"{"model":"m","input":[]}"#, "input"),
            (#"{"model":"m","input":{}}"#, "input"), (#"{"model":"m","input":["a",1]}"#, "input[1]"),
            (#"{"model":"m","input":[1,"a"]}"#, "input[1]"), (#"{"model":"m","input":[1,-1]}"#, "input[1]"),
            (#"{"model":"m","input":[[1],[]]}"#, "input[1]"), (#"{"model":"m","input":[null]}"#, "input[0]"),
            (#"{"model":"m","input":"a","dimensions":0}"#, "dimensions"),
            (#"{"model":"m","input":"a","encoding_format":"hex"}"#, "encoding_format"),
            (#"{"model":"m","model":"n","input":"a"}"#, "model"),
        ])
    func refused(body: String, param: String) throws {
        let error = #expect(throws: CodedError.self) { try OpenAI.decodeEmbeddingRequest(Array(body.utf8)) }
        #expect(error?.param == param && error?.code.status == 400)
    }

    private func gateway(_ clients: [String: ScriptedClient], _ observer: RecordingObserver) -> Gateway {
        let models = clients.map { name, client in
            let settings = ProviderConfiguration(name: name, baseURL: "https://\(name).test/v1/")
            return (name, Provider<OpenAI>(settings, client: client, clock: TickingClock()) as any ChatModel)
        }
        return Gateway(models: Dictionary(uniqueKeysWithValues: models), observer: observer, clock: TickingClock())
    }

    @Test(
        "the client's bytes go to the provider and the provider's to the client, each with the other's name of the model"
    )
    func passage() async throws {
        let client = ScriptedClient([.json(Self.answer)])
        let observer = RecordingObserver()
        let body = #"{ "input" : "a", "model":"alias", "user":"\u00fc" }"#
        let made = try await gateway(["a": client], observer).embed(
            OpenAI.decodeEmbeddingRequest(Array(body.utf8)), route: Route(chain: [Target(provider: "a", model: "m")]),
            context: testContext())
        let sent = try #require(client.requests.first)
        #expect(sent.url == "https://a.test/v1/embeddings")
        #expect(text(sent.body) == body.replacing("alias", with: "m"))
        #expect(
            text(OpenAI.encodeEmbeddings(made.answer, model: "a/m")) == Self.answer.replacing("m-0001", with: "a/m"))
        #expect(made.answer.usage == Usage(promptTokens: 3, completionTokens: 0, totalTokens: 3))
        let report = try #require(observer.reports.first)
        #expect(report.operation == .embeddings && report.usage?.promptTokens == 3 && report.error == nil)
    }

    @Test("after a failure only those are asked that have the same model")
    func sameModelOnly() async throws {
        let clients = [
            "a": ScriptedClient([.json("{}", status: 500)]), "b": ScriptedClient([]),
            "c": ScriptedClient([.json(Self.answer)]),
        ]
        let chain = [("a", "m"), ("b", "other"), ("c", "m")].map { Target(provider: $0.0, model: $0.1) }
        let request = try OpenAI.decodeEmbeddingRequest(Array(#"{"model":"x","input":"a"}"#.utf8))
        let made = try await gateway(clients, RecordingObserver()).embed(
            request, route: Route(chain: chain), context: testContext())
        #expect(made.target == chain[2])
        #expect(clients["b"]?.requests.isEmpty == true)
    }

    @Test("an answer with fewer vectors than texts is no answer")
    func missingVector() async throws {
        let client = ScriptedClient([.json(Self.answer)])
        let request = try OpenAI.decodeEmbeddingRequest(Array(#"{"model":"x","input":["a","b"]}"#.utf8))
        let error = await #expect(throws: CodedError.self) {
            try await gateway(["a": client], RecordingObserver()).embed(
                request, route: Route(chain: [Target(provider: "a", model: "m")]), context: testContext())
        }
        #expect(error?.code == .providerInvalidAnswer)
    }

    @Test("base64 of texts is what Foundation makes of them")
    func base64() {
        for length in 0..<20 {
            let text = String(repeating: "aé", count: length).prefix(length)
            let expected = Data(text.utf8).base64EncodedString()
            #expect(DataURL.base64(String(text)) == expected)
            #expect(DataURL.isBase64(expected) == !expected.isEmpty)
        }
        for odd in ["a", "ab=c", "abc===", "ab c", "abcd=", "äbcd", "===="] { #expect(!DataURL.isBase64(odd)) }
        #expect(DataURL.isBase64("YQ") && DataURL.isBase64("YQ=="))
    }
}
