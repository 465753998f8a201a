public import Base
internal import Identity
public import Models

/// Keeps answers of experts that say the same whenever they are asked the same, such as a search. Of a user's answers
/// no other user ever hears. What cannot be looked up or kept is a miss: a cache has no errors. Calls come from any task,
/// also at the same time, and the expert waits for them.
public protocol ExpertCache: Sendable {
    func answer(for key: ExpertCacheKey, scope: Scope) async -> KeptAnswer?
    /// How long it is kept is the cache's to decide.
    func keep(_ answer: KeptAnswer, for key: ExpertCacheKey, scope: Scope) async
}

/// What an expert has answered, whole and as the output guard let it pass.
public struct KeptAnswer: Sendable, Equatable {
    public var text: String
    /// The model that answered.
    public var target: Target

    public init(text: String, target: Target) {
        self.text = text
        self.target = target
    }
}

/// An answer that is worth keeping, once the turn is answered: of a turn that was cancelled nothing stays.
struct AnswerToKeep: Sendable {
    let key: ExpertCacheKey
    let answer: KeptAnswer
}

/// What an expert's answer depends on: its models, all that they are asked, and what the output guard takes out of it,
/// as the SHA-256 of a canonical form.
public struct ExpertCacheKey: Sendable, Hashable {
    public let digest: String

    /// `nil` for a request that is not wholly told by its texts and numbers: with images, tools or a form. A microsecond
    /// for each kilobyte of the conversation.
    /// - Parameter guards: An answer outlives them when the configuration is loaded again.
    init?(_ request: ChatRequest, _ expert: Plan.Expert, guards: GuardSettings) {
        guard request.tools.isEmpty, request.beyondText == nil, !request.logprobs else { return nil }
        var form = Form()
        switch request.responseFormat {
        case nil, .text: form.add("text")
        case .jsonObject: form.add("object")
        case .jsonSchema: return nil
        }
        form.add(guards.output.rawValue)
        form.add(guards.patterns.patterns.flatMap { [$0.kind.name, $0.source] })
        form.add(expert.route.chain.map(\.name))
        form.add(expert.versions)
        form.add(request.stop)
        for number in [request.temperature, request.topP, request.frequencyPenalty, request.presencePenalty] {
            form.add(number.map { String(($0 + 0).bitPattern) } ?? "-")
        }
        for number in [request.maxTokens, request.topK] { form.add(number.map { "\($0)" } ?? "-") }
        form.add(request.seed.map { "\($0)" } ?? "-")
        form.add(request.reasoning.map { "\($0)" } ?? "-")
        for message in request.messages {
            guard message.toolCalls.isEmpty, message.reasoning.isEmpty else { return nil }
            form.add([message.role.rawValue, message.name ?? "", message.text])
        }
        digest = SHA256.hex(of: form.bytes)
    }

    /// Texts with their lengths, so that none runs into the next.
    private struct Form {
        var bytes: [UInt8] = []

        mutating func add(_ text: String) {
            bytes += "\(text.utf8.count):".utf8
            bytes += text.utf8
        }

        mutating func add(_ texts: [String]) {
            bytes += "\(texts.count)[".utf8
            for text in texts { add(text) }
        }
    }
}
