internal import Base
internal import Graph
internal import Models

/// The map of the pipeline:
///
///     validate → plan → (compose) → execute → (fuse) → (conform → (repair)) → guard → remember
///
/// Every chat request runs it, whichever dialect it came in; a node that a plan does not need costs under a
/// microsecond.
struct ChatGraph {
    let planner: Planner
    let personas: any PersonaSource
    let gateway: Gateway
    let recorder: any RunRecorder
    let policy: ViolationPolicy
    let guards: GuardSettings
    let experts: ExpertSettings
    let conversations: ConversationSettings?
    let time: any TimeSource

    /// A turn of a conversation is answered in the light of what was said.
    private enum AfterPlan: String, CaseIterable {
        case compose, pass = "execute"
    }

    /// Several experts' answers become one; an answer whose form was asked for is checked.
    private enum AfterExecute: String, CaseIterable {
        case fuse, conform, pass = "guard"
    }

    private enum AfterFuse: String, CaseIterable {
        case conform, pass = "guard"
    }

    private enum AfterConform: String, CaseIterable {
        case repair, pass = "guard"
    }

    func make() throws(GraphBuildError) -> Graph<ChatState, ChatEvent> {
        let builder = GraphBuilder<ChatState, ChatEvent>("chat")
            .field(\.plan, from: .nodes)
            .field(\.answer, from: .nodes)
            .field(\.verdict, from: .nodes)
        addBeginning(to: builder)
        addAnswering(to: builder)
        addChecks(to: builder)
        addEnd(to: builder)
        let hasMemory = conversations != nil
        return
            try builder
            // The gateway is the one layer that retries.
            .retriesItself("execute")
            .retriesItself("fuse")
            .retriesItself("repair")
            .start("validate")
            .edge("validate", to: "plan")
            .route("plan", reads: \.conversation, to: AfterPlan.self) { [hasMemory] in
                $0 == nil || !hasMemory ? .pass : .compose
            }
            .edge("compose", to: "execute")
            .route("execute", reads: \.format, \.answer, to: AfterExecute.self) { format, answer in
                if case .parts? = answer { return .fuse }
                return format == nil ? .pass : .conform
            }
            .route("fuse", reads: \.format, to: AfterFuse.self) { $0 == nil ? .pass : .conform }
            .route("conform", reads: \.violations, to: AfterConform.self) { $0.isEmpty ? .pass : .repair }
            .edge("repair", to: "guard")
            .edge("guard", to: "remember")
            .end("remember")
            .build()
    }

    private func addBeginning(to builder: GraphBuilder<ChatState, ChatEvent>) {
        let inputGuard = guards.input == .off ? nil : InputGuard(guards)
        let (planner, personas) = (planner, personas)
        builder
            .node("validate", reads: \.request, writes: \.input, \.format) { [recorder] context, request in
                let input = try await ValidateNode.run(request, inputGuard: inputGuard)
                let format = try AnswerFormat(request.value)
                if !input.findings.isEmpty { recorder.noticed(input.findings, context: context.run) }
                return (input, format)
            }
            .node("plan", reads: \.request, writes: \.plan) { context, request in
                let persona = try personas.persona(for: request.value, scope: context.run.scope)
                return Shared(try PlanNode.run(request.value, as: persona, planner: planner))
            }
            .node("compose", reads: \.request, \.conversation, writes: \.request) {
                [conversations] context, request, conversation in
                guard let conversation, let conversations else { return request }
                return try await conversations.memory.compose(
                    request, conversation, messages: conversations.messages, context: context.run)
            }
    }

    private func addAnswering(to builder: GraphBuilder<ChatState, ChatEvent>) {
        let (gateway, guards, fusions, time) = (gateway, guards, experts.fusions, time)
        let execute = ExecuteNode(
            gateway: gateway, guards: guards, experts: experts,
            graphs: PlanGraphs(capacity: experts.graphs, time: time), time: time)
        builder
            .node(
                "execute", reads: \.request, \.input, \.plan, \.streaming, \.takesBack, writes: \.answer
            ) { context, request, input, plan, streaming, takesBack in
                try await execute.run(
                    request, noticed: input.findings, plan: plan, streaming: streaming, takesBack: takesBack,
                    context: context)
            }
            .node(
                "fuse", reads: \.request, \.plan, \.format, \.answer, \.streaming, \.takesBack, writes: \.answer
            ) { context, request, plan, format, answer, streaming, takesBack in
                guard let plan, case .parts(let parts)? = answer else {
                    throw CodedError(.internalError, "There is nothing to fuse.")
                }
                let fuse = FuseNode(
                    request: request.value, plan: plan.value, format: format, streaming: streaming,
                    takesBack: takesBack, fusions: fusions, gateway: gateway, guards: guards, time: time)
                return .whole(try await fuse.run(parts.value, context: context))
            }
    }

    private func addChecks(to builder: GraphBuilder<ChatState, ChatEvent>) {
        let (gateway, guards, recorder, policy, time) = (gateway, guards, recorder, policy, time)
        builder
            .node("conform", reads: \.format, \.answer, \.streaming, writes: \.violations) {
                context, format, answer, streaming in
                try await ConformNode.run(answer?.whole, format: format, streaming: streaming, policy: policy) {
                    recorder.checked($0, context: context.run)
                }
            }
            .node(
                "repair", reads: \.request, \.plan, \.format, \.answer, \.violations, writes: \.answer
            ) { context, request, plan, format, answer, violations in
                let mended = try await RepairNode.run(
                    request.value, plan: plan?.value, answer: answer?.whole?.value, format: format,
                    violations: violations,
                    gateway: gateway, guards: guards, time: time, context: context
                ) { recorder.checked($0, context: context.run) }
                return .whole(mended)
            }
            .node("guard", reads: \.answer, writes: \.verdict) { context, answer in
                try await GuardNode.run(answer?.whole, context: context)
            }
    }

    private func addEnd(to builder: GraphBuilder<ChatState, ChatEvent>) {
        let recorder = recorder
        builder.node("remember", reads: \.input, \.plan, \.answer, \.verdict, \.streaming) {
            context, input, plan, answer, verdict, streaming in
            guard let plan = plan?.value, let whole = answer?.whole, let verdict else { return }
            let record = RunRecord(
                input: input, plan: plan, target: whole.value.target, attempts: whole.value.attempts,
                usage: whole.value.completion.usage, finishReason: whole.value.completion.choices.first?.finishReason,
                verdict: verdict, streaming: streaming, marks: whole.value.marks, experts: whole.value.experts,
                findings: whole.value.findings, times: whole.value.times)
            recorder.remember(record, context: context.run)
        }
    }
}
