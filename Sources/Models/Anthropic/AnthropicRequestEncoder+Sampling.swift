internal import Base
internal import JSON

extension Anthropic {
    /// A model that thinks takes no smaller one.
    private static let leastTopPOfThinking = 0.95

    /// `temperature`, `top_p` and `top_k`, as far as the model takes them: an answer is one without them too.
    static func writeSampling(
        of request: ChatRequest, thinks: Bool, refuses: Set<RequestRefusal>, to writer: inout JSONWriter
    ) throws(CodedError) {
        guard !refuses.contains(.sampling) else { return }
        if !thinks {
            if let value = request.temperature {
                guard value <= 1 else { throw .foreign("temperature", "over 1") }
                writer.member("temperature", value)
            }
            writer.member("top_k", ifPresent: request.topK)
        }
        guard let value = request.topP else { return }
        if thinks, value < leastTopPOfThinking { return }
        if !thinks, request.temperature != nil, refuses.contains(.temperatureWithTopP) { return }
        writer.member("top_p", value)
    }
}
