internal import Base
internal import Models

/// A model writes one answer from all.
public struct SynthesiseFusion: Fusion {
    static let instructions = """
        Several experts have answered the conversation. Write one answer to it from theirs: take what they agree on and \
        what is well founded, settle where they contradict each other, and repeat nothing. Do not mention the experts.
        """
    static let preamble = "These are the experts' answers."

    private let model: FusionModel

    public init(_ model: FusionModel) { self.model = model }

    public func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer {
        var request = context.request
        request.original = nil
        request.model = model.model
        request.messages.insert(ChatMessage(.system, model.instructions ?? Self.instructions), at: 0)
        let sections = inputs.map { ExpertRequest.Section(name: $0.name, text: $0.text) }
        if let message = ExpertRequest.message(of: sections, after: Self.preamble) { request.messages.append(message) }
        if let most = try context.desk.share(of: model.route), request.maxTokens.map({ $0 > most }) ?? true {
            request.limitAnswer(to: most)
        }
        let text = try await context.write(request, by: model.route)
        return FusedAnswer(text: text, reasons: ["\(model.model) wrote it from \(inputs.count) answers."])
    }
}
