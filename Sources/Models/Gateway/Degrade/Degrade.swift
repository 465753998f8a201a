public import Base

/// Finds what takes the place of an answer when every target has failed.
public enum Degrade {
    /// What answers, when a configured text does. No provider's model.
    public static let textTarget = Target(provider: "tutti", model: "degraded-text")

    /// What took the place of an answer. Its stream is marked with it.
    public struct Answer: Sendable {
        public let stream: any ModelStream
        /// The local model, the model that gave the earlier answer, or ``Degrade/textTarget``.
        public let target: Target
        public let degradation: Degradation
    }

    /// A model in this process that has begun to answer.
    public typealias Local = (stream: any ModelStream, target: Target)

    /// Whether an answer of less worth is better than the error: after faults of the providers, and where none of them
    /// can be asked. Not after the caller's faults, which are the caller's to mend, nor when nobody waits any more.
    public static func isWanted(after error: CodedError) -> Bool {
        switch error.code {
        case .modelUnavailable, .overloaded: true
        default: error.code.fault == .provider
        }
    }

    /// The first of `settings.degrade` that works; `nil` when none does, or when the task is cancelled.
    /// - Parameters:
    ///   - streaming: Whether the answer is wanted in pieces.
    ///   - stale: `nil` without a cache.
    ///   - local: Asks the local model, in its queue and within the run's deadline, and returns once its first event is
    ///     certain; `nil` when there is none. What it throws is not told: the error of the chain says more.
    public static func answer(
        to request: ChatRequest, streaming: Bool, settings: ResilienceSettings, context: RunContext,
        stale: (any StaleAnswers)? = nil, local: () async throws(CodedError) -> Local?
    ) async -> Answer? {
        for degradation in settings.degrade {
            if Task.isCancelled { return nil }
            var marks = AnswerMarks()
            marks.degraded = degradation
            switch degradation {
            case .local:
                guard let found = try? await local() else { continue }
                return Answer(
                    stream: MarkedStream(found.stream, marks), target: found.target, degradation: degradation)
            case .stale:
                guard let found = await stale?.answer(to: request, context: context),
                    !found.completion.choices.isEmpty
                else { continue }
                return Answer(
                    stream: BuiltStream(unbilled(found.completion), streaming: streaming, marks: marks),
                    target: found.target, degradation: degradation)
            case .text:
                guard let completion = text(settings.degradedText, answering: request) else { continue }
                return Answer(
                    stream: BuiltStream(completion, streaming: streaming, marks: marks), target: textTarget,
                    degradation: degradation)
            }
        }
        return nil
    }

    private static let nothingUsed = Usage(promptTokens: 0, completionTokens: 0)

    /// It was paid for when it was given. The provider's bytes would tell its tokens once more.
    private static func unbilled(_ completion: ChatCompletion) -> ChatCompletion {
        var completion = completion
        completion.usage = nothingUsed
        completion.frame = nil
        return completion
    }

    /// `nil` for a request that no text can answer, and for no text.
    private static func text(_ text: String, answering request: ChatRequest) -> ChatCompletion? {
        guard !text.isEmpty, request.takesAnyText else { return nil }
        // As many answers as were asked for; decoders allow a few at most.
        let choices = (0..<min(max(request.n, 1), 8)).map { index in
            ChatCompletion.Choice(index: index, text: text, finishReason: .stop)
        }
        return ChatCompletion(choices: choices, usage: nothingUsed)
    }
}

extension ChatRequest {
    /// Whether a text that no model has written can be its answer: no form was asked for, no call must be made, and the
    /// request does not begin the answer.
    var takesAnyText: Bool {
        switch responseFormat {
        case nil, .text: break
        case .jsonObject, .jsonSchema: return false
        }
        switch toolChoice {
        case nil, .some(.none), .auto: break
        case .required, .function, .other: return false
        }
        return prefill == nil
    }
}
