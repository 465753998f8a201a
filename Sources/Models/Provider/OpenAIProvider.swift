public import Base
public import HTTPClient
public import Resilience

/// A provider of OpenAI's dialects. All of them have chat completions; those that have Responses as well are asked in
/// it what clients asked in it, so that nothing is lost.
public struct OpenAIProvider: ChatModel {
    private let chat: Provider<OpenAI>
    private let responses: Provider<Responses>?

    public init(
        _ configuration: ProviderConfiguration, hasResponses: Bool, client: any HTTPCalling, clock: any TimeSource
    ) {
        chat = Provider(configuration, client: client, clock: clock)
        responses = hasResponses ? Provider(configuration, client: client, clock: clock) : nil
    }

    public func start(_ call: ModelCall, context: RunContext) async throws(CodedError) -> any ModelStream {
        guard let responses = responses(for: call) else { return try await chat.start(call, context: context) }
        return try await responses.start(call, context: context)
    }

    public func start(
        _ call: ModelCall, context: RunContext, token: CancellationToken
    ) async throws(CodedError) -> any ModelStream {
        guard let responses = responses(for: call) else {
            return try await chat.start(call, context: context, token: token)
        }
        return try await responses.start(call, context: context, token: token)
    }

    private func responses(for call: ModelCall) -> Provider<Responses>? {
        // Without the client's own bytes there is nothing to pass on: the request is then written anew.
        call.request.original?.dialect == .responses ? responses : nil
    }
}

extension OpenAIProvider: EmbeddingModel {
    public func embed(
        _ request: EmbeddingRequest, model: String, key: Int, timeouts: Timeouts?, context: RunContext
    ) async throws(CodedError) -> EmbeddingAnswer {
        try await chat.embed(request, model: model, key: key, timeouts: timeouts, context: context)
    }
}
