internal import Base
internal import Models

/// The answer with the highest score, of equal ones that which was declared first. A score is the mean of the signals,
/// each from 0 to 1, by their weights.
public struct BestFusion: Fusion {
    private let signals: [FusionSignal]

    public init(_ signals: [FusionSignal]) { self.signals = signals }

    /// Signals that need no model: what a failed fusion falls back to.
    static let withoutModel = BestFusion([FusionSignal(.agreement), FusionSignal(.format)])

    /// Throws what a judge's model does, and `provider_invalid_answer` for a verdict that cannot be read. A single answer
    /// is not judged.
    public func fuse(_ inputs: [FusionInput], context: FusionContext) async throws -> FusedAnswer {
        guard let only = inputs.first else { throw CodedError(.noExpertAnswered, "There is nothing to choose from.") }
        if inputs.count == 1 { return FusedAnswer(of: only, reasons: ["No other expert has answered."]) }
        var totals = inputs.map { _ in 0.0 }
        var weights = 0.0
        var values: [(name: String, scores: [Double])] = []
        for signal in signals {
            let scores = try await scores(of: inputs, by: signal.kind, context)
            for place in totals.indices { totals[place] += signal.weight * scores[place] }
            weights += signal.weight
            values.append((signal.name, scores))
        }
        var best = 0
        for place in totals.indices where totals[place] > totals[best] { best = place }
        let parts = values.map { "\($0.name) \(Self.short($0.scores[best]))" }.joined(separator: ", ")
        let ranking = inputs.indices.map { "\(inputs[$0].name) \(Self.short(totals[$0] / max(weights, .ulpOfOne)))" }
        return FusedAnswer(
            of: inputs[best],
            reasons: [
                "Scores: \(ranking.joined(separator: ", ")).", "What speaks for '\(inputs[best].name)': \(parts).",
            ])
    }

    private func scores(
        of inputs: [FusionInput], by kind: FusionSignal.Kind, _ context: FusionContext
    ) async throws -> [Double] {
        switch kind {
        case .agreement: return AnswerSignals.agreement(inputs.map(\.text))
        case .length(let range): return inputs.map { AnswerSignals.length($0.text, in: range) }
        case .format:
            var scores: [Double] = []
            for input in inputs { scores.append(await context.hasForm(input.text) ? 1 : 0) }
            return scores
        case .judge(let model):
            let request = Judge.request(context.request, inputs.map(\.text), model)
            return try Judge.scores(in: try await context.ask(request, of: model.route), of: inputs.count)
        }
    }

    /// Two digits behind the point.
    private static func short(_ score: Double) -> String {
        let hundredths = Int((score * 100).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
}

extension FusionContext {
    /// Whether a text is an answer at all, and has the form that was asked for.
    func hasForm(_ text: String) async -> Bool {
        if text.allSatisfy(\.isWhitespace) { return false }
        guard let format else { return true }
        let choice = ChatCompletion.Choice(text: text, finishReason: .stop)
        if case .violates = await ConformNode.verdict(of: format, on: ChatCompletion(choices: [choice])) {
            return false
        }
        return true
    }
}
