internal import Base
internal import JSON

/// What the engine's thread does: admits conversations, computes passes, samples, and hands out text. Used by that
/// thread alone.
final class LocalWorker {
    /// One answer under way.
    private struct Answer {
        let job: LocalEngine.Job
        let choice: Int
        let sampler: LlamaSampler
        let promptTokens: Int
        let maxTokens: Int
        var text: AnswerText
        var tokens = 0
    }

    private let configuration: LocalConfiguration
    private let release: (Int) -> Void
    private var context: LlamaContext?
    private var model: LlamaModel?
    private var scheduler = BatchScheduler(limits: BatchScheduler.Limits())
    private var answers: [Int: Answer] = [:]
    private var lastTicket = 0

    /// `release` is told how many answers have ended.
    init(configuration: LocalConfiguration, release: @escaping (Int) -> Void) {
        self.configuration = configuration
        self.release = release
    }

    // MARK: What comes in

    func admit(_ job: LocalEngine.Job) {
        do throws(CodedError) {
            let context = try readyContext()
            let prompt = try prompt(of: job.request, model: context.model)
            try checkRoom(prompt: prompt.count, request: job.request)
            let grammar = try grammar(of: job.request, library: context.model.library)
            var made: [(ticket: Int, answer: Answer)] = []
            for choice in 0..<job.request.choices {
                lastTicket += 1
                made.append(
                    (
                        lastTicket,
                        Answer(
                            job: job, choice: choice,
                            sampler: try sampler(for: job, choice: choice, model: context.model, grammar: grammar),
                            promptTokens: prompt.count,
                            maxTokens: job.request.maxTokens ?? LocalRequest.defaultMaxTokens,
                            text: AnswerText(stops: job.request.stop))
                    ))
            }
            for (ticket, answer) in made {
                // The engine's door counts answers, so there is room.
                guard scheduler.submit(ticket: ticket, prompt: prompt) == .accepted else {
                    throw CodedError(.overloaded, "The local model's queue is full.", retryAfter: .seconds(2))
                }
                answers[ticket] = answer
            }
            _ = job.channel.push(.accepted)
        } catch {
            for ticket in tickets(of: job.id) { end(ticket) }
            release(job.request.choices)
            job.channel.finish(error)
        }
    }

    /// The reader is gone.
    func drop(job id: Int) {
        let tickets = tickets(of: id)
        for ticket in tickets { end(ticket) }
        release(tickets.count)
    }

    /// The reader has caught up.
    func resume(job id: Int) {
        for ticket in tickets(of: id) { scheduler.setPaused(false, ticket: ticket) }
    }

    func failAll(_ error: CodedError) {
        let channels = answers.values.map(\.job.channel)
        release(answers.count)
        for ticket in Array(answers.keys) { end(ticket) }
        for channel in channels { channel.finish(error) }
    }

    // MARK: Computing

    /// One forward pass, and a token for every conversation that wrote in it. False when there is nothing to do.
    func step(now: Instant) -> Bool {
        endOverdue(now)
        guard let context else { return false }
        let batch = scheduler.nextBatch()
        guard !batch.entries.isEmpty else { return false }
        do throws(LlamaFailure) {
            try context.decode(batch.entries)
        } catch {
            if error.broken { self.context = nil }
            failAll(CodedError(.internalError, "The local model failed to compute.", detail: error.reason))
            return true
        }
        for output in batch.outputs { write(output, context: context) }
        return true
    }

    /// Waiting or writing: nobody wants what comes after his time is over.
    private func endOverdue(_ now: Instant) {
        let overdue = answers.values.filter { $0.job.request.deadline.map { $0 <= now } ?? false }
        for answer in overdue where answers.values.contains(where: { $0.job.id == answer.job.id }) {
            fail(job: answer.job, CodedError(.deadlineExceeded, "The time for this request is over."))
        }
    }

    private func write(_ output: BatchScheduler.Output, context: LlamaContext) {
        guard var answer = answers[output.ticket] else { return }
        let choice: LlamaChoice
        do throws(LlamaFailure) {
            choice = try context.sample(answer.sampler, index: output.index, logprobs: answer.job.request.logprobs)
        } catch {
            return fail(
                job: answer.job, CodedError(.internalError, "The local model failed to write.", detail: error.reason))
        }
        if context.model.isEnd(choice.token) { return finish(output.ticket, answer, .stop) }
        answer.tokens += 1
        let bytes = context.model.piece(choice.token)
        let token = answer.job.request.logprobs.map { _ in self.token(choice, bytes: bytes, model: context.model) }
        let step = answer.text.feed(bytes, token: token)
        let hasRoom = push(step.text, step.tokens, answer)
        if step.stopped { return finish(output.ticket, answer, .stop, isFlushed: true) }
        if answer.tokens >= answer.maxTokens { return finish(output.ticket, answer, .length) }
        guard scheduler.accept(choice.token, for: output.ticket) else {
            return finish(output.ticket, answer, .length)
        }
        answers[output.ticket] = answer
        if !hasRoom { for ticket in tickets(of: answer.job.id) { scheduler.setPaused(true, ticket: ticket) } }
    }

    private func push(_ text: String, _ tokens: [LocalToken], _ answer: Answer) -> Bool {
        guard !text.isEmpty || !tokens.isEmpty else { return true }
        return answer.job.channel.push(
            .event(LocalEvent(choice: answer.choice, .piece(text, tokens: tokens))))
    }

    private func token(_ choice: LlamaChoice, bytes: [UInt8], model: LlamaModel) -> LocalToken {
        LocalToken(
            chosen: .init(id: Int(choice.token), bytes: bytes, logprob: choice.logprob),
            top: choice.top.map { .init(id: Int($0.token), bytes: model.piece($0.token), logprob: $0.logprob) })
    }

    // MARK: Ends

    private func finish(_ ticket: Int, _ answer: Answer, _ reason: LocalEvent.Reason, isFlushed: Bool = false) {
        var answer = answer
        if !isFlushed {
            let rest = answer.text.finish()
            _ = push(rest.text, rest.tokens, answer)
        }
        let kind = LocalEvent.Kind.finished(
            reason, promptTokens: answer.promptTokens, completionTokens: answer.tokens)
        _ = answer.job.channel.push(.event(LocalEvent(choice: answer.choice, kind)))
        end(ticket)
        release(1)
        if tickets(of: answer.job.id).isEmpty { answer.job.channel.finish() }
    }

    private func fail(job: LocalEngine.Job, _ error: CodedError) {
        drop(job: job.id)
        job.channel.finish(error)
    }

    private func end(_ ticket: Int) {
        answers[ticket] = nil
        if let slot = scheduler.remove(ticket: ticket) { context?.forget(slot: slot) }
    }

    /// At most slots and queue of them.
    private func tickets(of job: Int) -> [Int] {
        answers.compactMap { $0.value.job.id == job ? $0.key : nil }
    }

    // MARK: What an answer needs

    private func readyContext() throws(CodedError) -> LlamaContext {
        if let context { return context }
        for path in [configuration.libraryPath, configuration.modelPath] where !LlamaLibrary.isReadable(path) {
            throw CodedError(
                .modelUnavailable,
                "The local model is not set up on this machine: start Tutti with ./run once, "
                    + "or configure the path of a GGUF file.",
                detail: "\(path) cannot be read")
        }
        do throws(LlamaFailure) {
            if model == nil {
                model = try LlamaModel(
                    path: configuration.modelPath, library: LlamaLibrary.open(configuration.libraryPath))
            }
            guard let model else { throw LlamaFailure(reason: "no model") }
            let wanted = configuration.contextTokens > 0 ? configuration.contextTokens : 4096
            let limits = BatchScheduler.Limits(
                slots: max(1, configuration.maxConcurrent), window: min(wanted, model.trainedWindow),
                queue: max(0, configuration.queueLimit))
            let threads = configuration.threads > 0 ? configuration.threads : max(1, ThreadPriority.cores - 1)
            let context = try LlamaContext(
                model: model, window: limits.window, slots: limits.slots, batch: limits.batch, threads: threads)
            scheduler = BatchScheduler(limits: limits)
            self.context = context
            return context
        } catch {
            throw CodedError(
                .modelUnavailable, "The local model cannot be loaded; the log says why.", detail: error.reason)
        }
    }

    private func prompt(of request: LocalRequest, model: LlamaModel) throws(CodedError) -> [Int32] {
        // No token is longer than this, so a longer text cannot fit; it is not worth cutting up.
        let bytes = request.messages.reduce(0) { $0 + $1.text.utf8.count }
        guard bytes <= scheduler.limits.window * 128 else { throw tooLong("many more") }
        var writer = JSONWriter(reserving: bytes + 64 * request.messages.count)
        writer.beginArray()
        for message in request.messages {
            writer.beginObject()
            writer.key("role")
            writer.string(message.role)
            writer.key("content")
            writer.string(message.text)
            writer.endObject()
        }
        writer.endArray()
        do throws(LlamaFailure) {
            return try model.prompt(of: writer.bytes)
        } catch {
            throw CodedError(
                .invalidValue,
                "The model's chat template refuses this conversation; many ask for roles that alternate, "
                    + "the user first.",
                param: "messages")
        }
    }

    private func checkRoom(prompt: Int, request: LocalRequest) throws(CodedError) {
        if let most = request.maxTokens, most > scheduler.limits.window || most < 1 {
            throw CodedError(
                .invalidValue, "It must be between 1 and the model's window of \(scheduler.limits.window) tokens.",
                param: "max_tokens")
        }
        guard prompt < scheduler.limits.window else { throw tooLong("\(prompt)") }
    }

    private func tooLong(_ count: String) -> CodedError {
        CodedError(
            .contextLengthExceeded,
            "The conversation has \(count) tokens; the model's window holds \(scheduler.limits.window), "
                + "and the answer needs some.",
            param: "messages")
    }

    private func grammar(of request: LocalRequest, library: LlamaLibrary) throws(CodedError) -> String? {
        guard let schema = request.jsonSchema ?? (request.jsonObject ? #"{"type":"object"}"# : nil) else { return nil }
        guard schema.utf8.count <= 1 << 16 else {
            throw CodedError(.invalidValue, "The schema is over 64 KB.", param: "response_format")
        }
        try SchemaCost.check(schema)
        do throws(LlamaFailure) {
            return try library.grammar(ofSchema: schema)
        } catch {
            throw CodedError(
                .invalidValue, "The model cannot follow this schema: \(error.reason.prefix(200))",
                param: "response_format")
        }
    }

    private func sampler(
        for job: LocalEngine.Job, choice: Int, model: LlamaModel, grammar: String?
    ) throws(CodedError) -> LlamaSampler {
        do throws(LlamaFailure) {
            return try LlamaSampler(
                model: model, request: job.request, seed: job.seed &+ UInt32(truncatingIfNeeded: choice),
                grammar: grammar)
        } catch {
            throw CodedError(
                .invalidValue, "The model cannot follow this schema: \(error.reason.prefix(200))",
                param: "response_format")
        }
    }
}
