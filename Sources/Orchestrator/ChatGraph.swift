internal import Base
internal import Graph
internal import Models

/// The map of the pipeline:
///
///     validate → plan → execute → guard → remember
///
/// Every chat request runs it, whichever dialect it came in; a node that a plan does not need costs under a
/// microsecond.
enum ChatGraph {
    static func make(
        directory: ModelDirectory, gateway: Gateway, recorder: any RunRecorder
    ) throws(GraphBuildError) -> Graph<ChatState, ChatEvent> {
        try GraphBuilder<ChatState, ChatEvent>("chat")
            .field(\.plan, from: .nodes)
            .field(\.answer, from: .nodes)
            .field(\.verdict, from: .nodes)
            .node("validate", reads: \.request, writes: \.input) { _, request in
                try ValidateNode.run(request.value)
            }
            .node("plan", reads: \.request, writes: \.plan) { _, request in
                try PlanNode.run(request.value, directory: directory)
            }
            .node("execute", reads: \.request, \.plan, \.streaming, writes: \.answer) {
                context, request, plan, streaming in
                try await ExecuteNode.run(
                    request.value, plan: plan, streaming: streaming, gateway: gateway, context: context)
            }
            .node("guard", reads: \.answer, writes: \.verdict) { _, answer in
                GuardNode.run(answer?.value)
            }
            .node("remember", reads: \.input, \.plan, \.answer, \.verdict, \.streaming) {
                context, input, plan, answer, verdict, streaming in
                guard let plan, let answer = answer?.value, let verdict else { return }
                let record = RunRecord(
                    input: input, plan: plan, target: answer.target, attempts: answer.attempts,
                    usage: answer.completion.usage, finishReason: answer.completion.choices.first?.finishReason,
                    verdict: verdict, streaming: streaming)
                recorder.remember(record, context: context.run)
            }
            .start("validate")
            .edge("validate", to: "plan")
            .edge("plan", to: "execute")
            .edge("execute", to: "guard")
            .edge("guard", to: "remember")
            .end("remember")
            .build()
    }
}
