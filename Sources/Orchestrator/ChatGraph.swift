internal import Base
internal import Graph
internal import Models

/// The map of the pipeline:
///
///     validate → plan → execute → (conform → (repair)) → guard → remember
///
/// Every chat request runs it, whichever dialect it came in; a node that a plan does not need costs under a
/// microsecond.
enum ChatGraph {
    /// An answer whose form was asked for is checked.
    private enum AfterExecute: String, CaseIterable {
        case conform, pass = "guard"
    }

    private enum AfterConform: String, CaseIterable {
        case repair, pass = "guard"
    }

    static func make(
        plans: PlanBook, gateway: Gateway, recorder: any RunRecorder, onViolation policy: ViolationPolicy
    ) throws(GraphBuildError) -> Graph<ChatState, ChatEvent> {
        try GraphBuilder<ChatState, ChatEvent>("chat")
            .field(\.plan, from: .nodes)
            .field(\.answer, from: .nodes)
            .field(\.verdict, from: .nodes)
            .node("validate", reads: \.request, writes: \.input, \.format) { _, request in
                (try ValidateNode.run(request.value), try AnswerFormat(request.value))
            }
            .node("plan", reads: \.request, writes: \.plan) { _, request in
                try PlanNode.run(request.value, plans: plans)
            }
            .node("execute", reads: \.request, \.plan, \.streaming, writes: \.answer) {
                context, request, plan, streaming in
                try await ExecuteNode.run(
                    request.value, plan: plan, streaming: streaming, gateway: gateway, context: context)
            }
            .node("conform", reads: \.format, \.answer, \.streaming, writes: \.violations) {
                context, format, answer, streaming in
                try await ConformNode.run(answer?.value, format: format, streaming: streaming, policy: policy) {
                    recorder.checked($0, context: context.run)
                }
            }
            .node(
                "repair", reads: \.request, \.plan, \.format, \.answer, \.violations, writes: \.answer
            ) { context, request, plan, format, answer, violations in
                try await RepairNode.run(
                    request.value, plan: plan, answer: answer?.value, format: format, violations: violations,
                    gateway: gateway, context: context
                ) { recorder.checked($0, context: context.run) }
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
                    verdict: verdict, streaming: streaming, marks: answer.marks)
                recorder.remember(record, context: context.run)
            }
            // The gateway is the one layer that retries.
            .retriesItself("execute")
            .retriesItself("repair")
            .start("validate")
            .edge("validate", to: "plan")
            .edge("plan", to: "execute")
            .route("execute", reads: \.format, to: AfterExecute.self) { $0 == nil ? .pass : .conform }
            .route("conform", reads: \.violations, to: AfterConform.self) { $0.isEmpty ? .pass : .repair }
            .edge("repair", to: "guard")
            .edge("guard", to: "remember")
            .end("remember")
            .build()
    }
}
