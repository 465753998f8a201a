import HTTP
import HTTPServer
import JSON
import TestKit
import Testing

@testable import Server

@Suite("A writer or a lead that breaks off", .timeLimit(.minutes(1)))
struct BrokenFusionTests {
    /// Two experts answer, and the model that is to write one answer of theirs breaks off; in the other plan that is the
    /// lead, which has a fallback.
    private static func run(_ body: @escaping @Sendable (RunningApp) async throws -> Void) async throws {
        let plan = """
            plans:
              p:
                experts: { a: { model: mock/a }, b: { model: mock/b } }
                fusion: { kind: synthesise, model: mock/w }
              q:
                experts: { a: { model: mock/a }, l: { model: mock/w, after: [a], fallback: Sorry. } }
                fusion: { kind: lead, expert: l }

            """
        try await RunningApp.run(
            {
                "providers: { mock: { dialect: openai, base_url: \($0)/v1, api_key: canary-key-51c7, allow: any } }\n"
                    + "models: { one: { chain: [mock/m] } }\nresilience: { retry: { retries: 0 } }\n" + plan
            },
            upstream: { request in
                let asked = try? JSON(try await request.body(limit: 10_000))
                let model = asked?["model"]?.string ?? ""
                guard asked?["stream"] == true else { return .saying("said by \(model)") }
                let texts = model == "w" ? ["half ", "of it"] : ["said ", "by \(model)"]
                var stream = ""
                for text in texts {
                    stream += #"data: {"choices":[{"index":0,"delta":{"content":"\#(text)"}}]}"# + "\n\n"
                }
                if model != "w" {
                    stream +=
                        #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"# + "\n\ndata: [DONE]\n\n"
                }
                return Response(status: 200, headers: ["content-type": "text/event-stream"], body: Array(stream.utf8))
            }, body)
    }

    /// What a plan gives when whoever was heard has broken off.
    struct Break: CustomTestStringConvertible {
        let plan: String
        let answer: String
        let status: String
        let error: String

        var testDescription: String { plan }

        static let all = [
            Break(plan: "p", answer: "said by a", status: "could not be fused", error: "fusion_broken"),
            Break(plan: "q", answer: "Sorry.", status: "The answer of 'l' broke off", error: "provider_stream_broken"),
        ]
    }

    @Test(
        "on run events what was said is taken back, and what stands in for it follows", arguments: Break.all,
        [false, true])
    func native(_ broken: Break, _ isResumable: Bool) async throws {
        try await Self.run { app in
            let body = #"{"message":"hi","plan":"\#(broken.plan)","stream":true,"resumable":\#(isResumable)}"#
            let found = try events(try await app.send("POST", "/api/orchestrator/chat", body).body)
            #expect(found.last?.name == "COMPLETE" && found.last?.data["content"]?.string == broken.answer)
            let last = try #require(found.lastIndex { $0.name == "REPLACE" })
            #expect(found[last].data["from"] == 0)
            let ours = found.indices.filter { found[$0].name == "TOKEN" && found[$0].data["expert"] == nil }
            func text(_ places: [Int]) -> String { places.compactMap { found[$0].data["token"]?.string }.joined() }
            #expect(text(ours.filter { $0 < last }).hasPrefix("half "))
            #expect(text(ours.filter { $0 > last }) == broken.answer)
            let statuses = found[..<last].compactMap { $0.name == "STATUS" ? $0.data["message"]?.string : nil }
            #expect(statuses.contains { $0.contains(broken.status) })
        }
    }

    @Test("on /v1 what was shown is final: the stream ends with an error", arguments: Break.all)
    func final(_ broken: Break) async throws {
        try await Self.run { app in
            let body = #"{"messages":[{"role":"user","content":"hi"}],"model":"plan/\#(broken.plan)","stream":true}"#
            let found = try events(try await app.send("POST", "/v1/chat/completions", body).body)
            #expect(found.last?.data["error"]?["code"]?.string == broken.error)
            let text = found.compactMap { $0.data["choices"]?[0]?["delta"]?["content"]?.string }.joined()
            #expect(text.hasPrefix("half ") && !text.contains(broken.answer))
        }
    }

    @Test("on a screen what was taken back stays on a line of its own")
    func screen() {
        var shown = ShownAnswer()
        #expect(shown.takeBack() == "")
        #expect(shown.take("half") + shown.takeBack() + shown.take("on") == "half\non")
        #expect(shown.answer == nil)
        #expect(shown.end("one") == "e\n" && shown.answer == "one")
        var other = ShownAnswer()
        #expect(other.take("half") + other.end("one") == "half\none\n")
    }
}
