internal import Base
internal import Graph
internal import HTTP
internal import Models
internal import Synchronization

/// Makes the model calls of one fusion, shows what is the answer, and keeps the bill.
final class FusionDesk: Sendable {
    /// Who has written the answer that was shown.
    struct Writer: Sendable {
        var target: Target
        var route: Route
        var headers: HTTPHeaders
        var marks: AnswerMarks
        var completion: ChatCompletion
    }

    private struct State {
        var bill = Bill()
        var attempts = 0
        var findings = GuardFindings()
        var guarding = Duration.zero
        var text = ""
        var hasShown = false
        var writer: Writer?
    }

    private let gateway: Gateway
    private let guards: GuardSettings
    private let time: any TimeSource
    private let streaming: Bool
    private let hasSpeakers: Bool
    /// How many tokens the plan has left; `nil` for as many as one likes.
    private let tokensLeft: Int?
    private let limit: Int
    private let context: NodeContext<ChatEvent>
    private let state = Mutex(State())

    init(
        _ parts: ExpertResults, _ plan: Plan, streaming: Bool, gateway: Gateway, guards: GuardSettings,
        time: any TimeSource, context: NodeContext<ChatEvent>
    ) {
        self.gateway = gateway
        self.guards = guards
        self.time = time
        self.streaming = streaming
        hasSpeakers = !parts.shown.speakers.isEmpty
        limit = plan.limits.tokens ?? .max
        tokensLeft = plan.limits.tokens.map { limit in
            parts.experts.reduce(limit) { left, expert in left - min(left, TokenShare.tokens(of: expert)) }
        }
        self.context = context
    }

    var bill: Bill { state.withLock(\.bill) }
    var attempts: Int { state.withLock(\.attempts) }
    var findings: GuardFindings { state.withLock(\.findings) }
    /// What guarding what was written took, as far as that is timed.
    var guardingTime: Duration { state.withLock(\.guarding) }
    /// Whether the caller has seen text of the answer.
    var hasShown: Bool { state.withLock(\.hasShown) }
    /// What was written as the answer, and by whom; `nil` where nobody has.
    var written: (text: String, writer: Writer)? { state.withLock { state in state.writer.map { (state.text, $0) } } }

    /// The most tokens that an answer may still take; `nil` for as many as the model likes.
    /// - Throws: `plan_limit` when the plan's are spent.
    func share(of route: Route) throws(CodedError) -> Int? {
        guard let tokensLeft else { return nil }
        let share = try TokenShare.tokens(limit: limit, used: limit - tokensLeft, parts: 1)
        return route.chain.reduce(share) { min($0, gateway.catalogue.info(of: $1)?.answerLimit ?? $0) }
    }

    func call(
        _ request: ChatRequest, _ route: Route, _ run: RunContext, isAnswer: Bool
    ) async throws(CodedError) -> String {
        do {
            return try await read(request, route, run, isAnswer: isAnswer)
        } catch {
            throw CodedError(any: error)
        }
    }

    private func read(
        _ request: ChatRequest, _ route: Route, _ run: RunContext, isAnswer: Bool
    ) async throws -> String {
        let shows = isAnswer && streaming
        let answer = try await gateway.answer(request, route: route, streaming: shows, context: run) {
            step throws(CodedError) in
            do { try await self.context.emit(.stepped(step)) } catch { throw CodedError(any: error) }
        }
        var reader = AnswerReader(
            answer, isAnswer ? guards : GuardSettings(input: .off, output: .off), time: time)
        while true {
            var supply = try reader.ready()
            if case .later = supply { supply = try await reader.next() }
            guard case .event(let event) = supply else { break }
            if shows { try await show(event, of: answer) }
        }
        return settle(reader, answer, route, isAnswer: isAnswer)
    }

    @inline(never)
    private func settle(_ reader: AnswerReader, _ answer: Gateway.Answer, _ route: Route, isAnswer: Bool) -> String {
        let completion = reader.completion
        let (findings, guarding) = (reader.findings, reader.guardingTime)
        state.withLock { state in
            state.bill.add(completion.usage, gateway.record(answer, completion.usage))
            state.attempts += answer.attempts.count
            guard isAnswer else { return }
            state.findings.add(findings)
            state.guarding += guarding
            state.text += completion.spoken
            state.writer = Writer(
                target: answer.target, route: route, headers: answer.stream.forwardedHeaders,
                marks: answer.stream.marks.merging(state.writer?.marks ?? AnswerMarks()), completion: completion)
        }
        return completion.spoken
    }

    /// The first thing that is shown takes the place of what was provisional.
    private func show(_ event: ModelEvent, of answer: Gateway.Answer) async throws {
        if case .whole(let completion) = event.kind {
            for piece in completion.events { try await show(piece, of: answer) }
            return
        }
        guard event.choice == 0 else { return }
        switch event.kind {
        case .text, .refusal, .reasoning: break
        default: return
        }
        let isFirst = state.withLock { state in
            defer { state.hasShown = true }
            return !state.hasShown
        }
        if isFirst {
            if hasSpeakers { try await context.emit(.replaced(from: 0, reason: "One answer is written from all.")) }
            try await context.emit(
                .answering(answer.target, headers: answer.stream.forwardedHeaders, marks: answer.stream.marks))
        }
        try await context.emit(.model(ModelEvent(event.kind)))
    }
}

/// What several calls have used and cost together. Attempts that failed are not in it.
struct Bill: Sendable, Equatable {
    private(set) var usage: Usage?
    private var sum: UsageRecord?
    /// Whether every call has told what it used.
    private var isKnown = true

    /// `nil` where one of the calls did not tell.
    var ledger: UsageRecord? { isKnown ? sum : nil }

    mutating func add(_ usage: Usage?, _ record: UsageRecord?) {
        if let usage { self.usage = self.usage?.adding(usage) ?? usage }
        guard let record else {
            isKnown = false
            return
        }
        sum = sum?.adding(record) ?? record
    }

    mutating func add(_ other: Bill) {
        if let usage = other.usage { self.usage = self.usage?.adding(usage) ?? usage }
        isKnown = isKnown && other.isKnown
        if let record = other.sum { sum = sum?.adding(record) ?? record }
    }
}
