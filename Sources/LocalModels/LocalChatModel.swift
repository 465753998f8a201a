public import Base
internal import JSON
public import Models
internal import Synchronization

/// A local model as the gateway sees any other.
public struct LocalChatModel: ChatModel {
    private let model: LocalModel

    public init(_ model: LocalModel) { self.model = model }

    public func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        var request = try LocalRequest(call.request)
        request.deadline = context.deadline
        do throws(CodedError) {
            let answer = LocalModelStream(try await model.start(request))
            if call.streaming { try await answer.primeFirst() } else { try await answer.primeWhole() }
            return answer
        } catch {
            throw error.naming(call.request.maxTokensField)
        }
    }
}

extension CodedError {
    /// The same error with the field in which the client gave its limit.
    fileprivate func naming(_ field: String) -> CodedError {
        var error = self
        if param == "max_tokens" { error.param = field }
        return error
    }
}

extension LocalRequest {
    /// What a local model can be asked; throws `unsupported_by_model` with the field for what it cannot.
    init(_ request: ChatRequest) throws(CodedError) {
        if let beyond = request.beyondText {
            throw CodedError(
                .unsupportedByModel, "The local model does not take \(beyond.what).", param: beyond.param)
        }
        var messages: [Message] = []
        messages.reserveCapacity(request.messages.count)
        for (index, message) in request.messages.enumerated() {
            messages.append(try Message(message, index: index))
        }
        self.init(messages: messages)
        maxTokens = request.maxTokens
        temperature = request.temperature ?? LocalRequest.defaultTemperature
        topP = request.topP ?? LocalRequest.defaultTopP
        frequencyPenalty = request.frequencyPenalty ?? 0
        presencePenalty = request.presencePenalty ?? 0
        seed = request.seed.map { UInt32(truncatingIfNeeded: $0 ^ ($0 >> 32)) }
        stop = request.stop
        logprobs = request.logprobs ? min(max(request.topLogprobs ?? 0, 0), 20) : nil
        choices = min(max(request.n, 1), 8)
        switch request.responseFormat {
        case nil, .text: break
        case .jsonObject: jsonObject = true
        case .jsonSchema(_, let schema, _):
            guard let schema else { jsonObject = true; break }
            jsonSchema = String(decoding: JSON(schema).bytes, as: UTF8.self)
        }
    }
}

extension LocalRequest.Message {
    fileprivate init(_ message: ChatMessage, index: Int) throws(CodedError) {
        let role: String
        switch message.role {
        case .system, .developer: role = "system"
        case .user: role = "user"
        case .assistant where message.toolCalls.isEmpty: role = "assistant"
        case .assistant:
            throw CodedError(
                .unsupportedByModel, "The local model does not take tool calls.",
                param: "messages[\(index)].tool_calls")
        case .tool, .function:
            throw CodedError(
                .unsupportedByModel, "The local model does not take the answers of tools.",
                param: "messages[\(index)].role")
        }
        self.init(role: role, text: message.text)
    }
}

/// The local model's events in the gateway's terms; usage comes after the last answer's end.
final class LocalModelStream: ModelStream {
    private struct State {
        /// Read ahead, so that a failure comes out of `start`.
        var ready: [ModelEvent] = []
        var position = 0
        var promptTokens = 0
        var completionTokens = 0
        var isDone = false
    }

    private let stream: LocalStream
    private let state = Mutex(State())

    init(_ stream: LocalStream) { self.stream = stream }

    /// Waits for the first event.
    func primeFirst() async throws(CodedError) {
        if let event = try await read() { state.withLock { $0.ready.append(event) } }
    }

    /// Waits for the whole answer.
    func primeWhole() async throws(CodedError) {
        var assembler = Assembler()
        while let event = try await read() { assembler.add(event) }
        let completion = assembler.completion
        state.withLock { $0.ready.append(ModelEvent(.whole(completion))) }
    }

    func next() async throws(CodedError) -> ModelEvent? {
        let ready = state.withLock { state -> ModelEvent? in
            guard state.position < state.ready.count else { return nil }
            defer { state.position += 1 }
            return state.ready[state.position]
        }
        if let ready { return ready }
        return try await read()
    }

    func cancel() { stream.cancel() }

    private func read() async throws(CodedError) -> ModelEvent? {
        guard let event = try await stream.next() else {
            return state.withLock { state in
                if state.isDone { return nil }
                state.isDone = true
                return ModelEvent(
                    .usage(Usage(promptTokens: state.promptTokens, completionTokens: state.completionTokens)))
            }
        }
        switch event.kind {
        case .piece(let text, let tokens):
            return ModelEvent(.text(text), choice: event.choice, logprobs: tokens.map(TokenLogprob.init))
        case .finished(let reason, let promptTokens, let completionTokens):
            state.withLock { state in
                state.promptTokens = promptTokens
                state.completionTokens += completionTokens
            }
            return ModelEvent(.finish(reason == .stop ? .stop : .length), choice: event.choice)
        }
    }
}

extension TokenLogprob {
    fileprivate init(_ token: LocalToken) {
        self.init(Candidate(token.chosen), top: token.top.map(Candidate.init))
    }
}

extension TokenLogprob.Candidate {
    fileprivate init(_ candidate: LocalToken.Candidate) {
        self.init(
            token: String(decoding: candidate.bytes, as: UTF8.self), logprob: candidate.logprob,
            bytes: candidate.bytes)
    }
}
