internal import Base
internal import JSON
internal import Models
internal import Orchestrator
internal import Transport

/// What the native shapes say of a turn.
struct TurnReport: Sendable {
    let requestID: String
    let runID: String
    /// `nil` where nothing is remembered.
    let conversationID: String?
    let personaID: String?
    let started: Instant
    /// When a phase is told as a bottleneck.
    var bottlenecks = BottleneckRule()

    /// `{requestId, runId, conversationId, content, model, personaId, usage, cost, cached, finishReason, metrics}`, and
    /// how the answer was marked.
    func answer(_ answer: ChatAnswer, phases: RunPhases, total: Duration) -> [UInt8] {
        var writer = JSONWriter(reserving: 512 + answer.completion.text.utf8.count)
        writer.beginObject()
        writer.member("requestId", requestID)
        writer.member("runId", runID)
        writer.member("conversationId", orNull: conversationID)
        TurnReport.result(answer, personaID: personaID, to: &writer)
        writer.key("metrics")
        var phases = phases
        phases.note(answer)
        phases.write(total: total, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// The members that tell the answer itself.
    static func result(_ answer: ChatAnswer, personaID: String?, to writer: inout JSONWriter) {
        writer.member("content", answer.completion.text)
        writer.member("model", answer.target.name)
        writer.member("personaId", orNull: personaID)
        writer.key("usage")
        if let usage = answer.completion.usage { write(usage, to: &writer) } else { writer.null() }
        // Exact decimals, so not by way of a floating-point number.
        if let cost = answer.ledger?.cost {
            writer.member("cost", raw: Array(cost.description.utf8))
        } else {
            writer.member("cost", JSON.null)
        }
        writer.member("cached", false)
        writer.member("degraded", ifPresent: answer.marks.degraded?.rawValue)
        if answer.marks.isChaotic { writer.member("chaos", true) }
        writer.member("finishReason", orNull: answer.completion.choices.first?.finishReason?.name)
    }

    private static func write(_ usage: Usage, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("promptTokens", usage.promptTokens)
        writer.member("completionTokens", usage.completionTokens)
        writer.member("totalTokens", usage.totalTokens)
        writer.member("cachedTokens", ifPresent: usage.cachedTokens)
        writer.member("cacheWriteTokens", ifPresent: usage.cacheWriteTokens)
        writer.member("reasoningTokens", ifPresent: usage.reasoningTokens)
        writer.endObject()
    }
}
