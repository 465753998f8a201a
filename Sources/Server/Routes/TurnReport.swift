internal import Base
internal import JSON
internal import Models
internal import Orchestrator
internal import Transport

/// What the native shapes say of a turn.
struct TurnReport: Sendable {
    let requestID: String
    let runID: String
    let conversationID: String
    let personaID: String?
    let started: Instant

    /// `{requestId, runId, conversationId, content, model, personaId, usage, cost, cached, finishReason, metrics}`, and
    /// how the answer was marked.
    func answer(_ answer: ChatAnswer, stages: Stages, total: Duration) -> [UInt8] {
        var writer = JSONWriter(reserving: 512 + answer.completion.text.utf8.count)
        writer.beginObject()
        writer.member("requestId", requestID)
        writer.member("runId", runID)
        writer.member("conversationId", conversationID)
        TurnReport.result(answer, personaID: personaID, to: &writer)
        writer.key("metrics")
        stages.write(total: total, to: &writer)
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

/// How long the stages of a turn took.
struct Stages: Sendable {
    private var durations: [String: Duration] = [:]
    private var firstToken: Duration?

    /// The nodes of the chat graph by the stage that they are reported under.
    private static let names = [
        (stage: "validation", node: "validate"), (stage: "routing", node: "plan"),
        (stage: "execution", node: "execute"), (stage: "fusion", node: "fuse"), (stage: "outputGuard", node: "guard"),
        (stage: "cache", node: "recall"),
    ]

    mutating func note(_ signal: ChatSignal, since started: Instant, now: Instant) {
        switch signal {
        case .nodeFinished(let node, let duration): durations[node] = duration
        case .said(.model(let event)):
            if firstToken == nil, case .text = event.kind { firstToken = now.since(started) }
        default: break
        }
    }

    /// Milliseconds, fractional; 0 for a stage that the turn did not need. A bottleneck took over half of the total.
    func write(total: Duration, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("total", total.milliseconds)
        var bottlenecks: [String] = []
        for (stage, node) in Stages.names {
            let duration = durations[node] ?? .zero
            writer.key(stage)
            writer.double(duration.milliseconds)
            if duration > total / 2 { bottlenecks.append(stage) }
        }
        writer.key("ttft")
        if let firstToken { writer.double(firstToken.milliseconds) } else { writer.null() }
        writer.member("bottlenecks", JSON.array(bottlenecks.map { .string($0) }))
        writer.endObject()
    }
}

/// Notes the stages of a turn that is answered whole.
actor StageTimings: LoopBound, ChatSink {
    nonisolated let loop: EventLoop
    private(set) var stages = Stages()
    private let started: Instant
    private let time: any TimeSource

    init(loop: EventLoop, started: Instant, time: any TimeSource) {
        self.loop = loop
        self.started = started
        self.time = time
    }

    func receive(_ signal: ChatSignal) { stages.note(signal, since: started, now: time.now()) }
}
