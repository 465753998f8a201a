import Base
import JSON
import Models
import Testing

@testable import LocalModels

@Suite("The local model as the gateway sees it") struct LocalChatModelTests {
    private func refusal(_ request: ChatRequest) -> CodedError? {
        do throws(CodedError) {
            _ = try LocalRequest(request)
            return nil
        } catch {
            return error
        }
    }

    @Test("what it cannot take is refused with the field") func refusals() {
        var tools = ChatRequest(model: "local/smollm2", messages: [ChatMessage(.user, "Hi")])
        tools.tools = [ToolDefinition(name: "clock")]
        #expect(refusal(tools)?.code == .unsupportedByModel)
        #expect(refusal(tools)?.param == "tools")

        let parts = ChatMessage.Content.parts([.text("What is this?"), .image(url: "data:,", detail: nil)])
        let image = ChatRequest(model: "m", messages: [ChatMessage(.system, "x"), .init(role: .user, content: parts)])
        #expect(refusal(image)?.code == .unsupportedByModel)
        #expect(refusal(image)?.param == "messages[1].content[1]")

        let answer = ChatRequest(
            model: "m", messages: [ChatMessage(role: .tool, content: .text("12"), toolCallID: "a")])
        #expect(refusal(answer)?.param == "messages[0].role")
    }

    @Test("roles, limits and formats are carried over") func mapping() throws {
        var request = ChatRequest(
            model: "m", messages: [ChatMessage(.developer, "be brief"), ChatMessage(.user, "Hi")])
        request.maxTokens = 7
        request.seed = -1
        request.logprobs = true
        request.topLogprobs = 3
        request.n = 2
        request.responseFormat = .jsonObject
        let local = try LocalRequest(request)
        #expect(local.messages == [.init(role: "system", text: "be brief"), .init(role: "user", text: "Hi")])
        #expect(local.maxTokens == 7 && local.choices == 2 && local.logprobs == 3 && local.jsonObject)
        #expect(local.seed != nil)
    }

    private func call(_ request: ChatRequest, streaming: Bool) async throws(CodedError) -> [ModelEvent] {
        let scope = RunContext(
            requestID: "r", runID: "r", scope: .local,
            trace: TraceContext(traceHigh: 1, traceLow: 1, spanID: 1))
        let stream = try await LocalChatModel(LocalModelTests.shared).start(
            ModelCall(request: request, model: "smollm2", streaming: streaming), context: scope)
        var events: [ModelEvent] = []
        while let event = try await stream.next() { events.append(event) }
        return events
    }

    @Test("a stream tells the same as a whole answer", .enabled(if: LocalFixture.isInstalled))
    func streamAndWhole() async throws {
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "Say hello.")])
        request.maxTokens = 6
        request.temperature = 0
        var assembler = Assembler()
        for event in try await call(request, streaming: true) { assembler.add(event) }
        let whole = try await call(request, streaming: false)
        guard case .whole(let completion) = whole.first?.kind else {
            Issue.record("not one whole answer: \(whole)")
            return
        }
        #expect(whole.count == 1)
        #expect(completion.choices[0].finishReason == .length)
        #expect(completion.usage?.completionTokens == 6)
        #expect(assembler.completion.usage == completion.usage)
        #expect(assembler.completion.choices[0].finishReason == .length)
        #expect(assembler.completion.text == completion.text)
        #expect(!completion.text.isEmpty)
    }

    @Test("a limit over the window names the client's own field", .enabled(if: LocalFixture.isInstalled))
    func limitField() async {
        var request = ChatRequest(model: "m", messages: [ChatMessage(.user, "Hi")])
        request.maxTokens = 1_000_000
        request.maxTokensField = "max_completion_tokens"
        do throws(CodedError) {
            _ = try await call(request, streaming: true)
            Issue.record("the window has no end")
        } catch {
            #expect(error.code == .invalidValue)
            #expect(error.param == "max_completion_tokens")
        }
    }
}
