internal import Base
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator

/// `POST /v1/chat/completions`, OpenAI's dialect.
struct ChatCompletionsRoute: Sendable {
    private let turns: Turns

    init(turns: Turns) { self.turns = turns }

    var route: Route {
        Route(method: "POST", path: "/v1/chat/completions", answersWhileDraining: false) { exchange, writer in
            await handle(exchange, writer)
        }
    }

    private func handle(_ exchange: Exchange, _ writer: consuming ResponseWriter) async -> RouteOutcome {
        let request: ChatRequest
        let ticket: RunTicket
        do throws(CodedError) {
            request = try OpenAI.decodeRequest(try await exchange.json(limit: turns.settings.maxBody))
            ticket = try turns.enter(exchange, requestID: exchange.requestID)
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
        let context = turns.context(exchange, requestID: exchange.requestID)
        let identity = AnswerIdentity(
            id: turns.identifier(.completion), created: turns.time.wallTime().seconds, model: request.model)
        let outcome =
            request.stream
            ? await stream(request, identity, context, exchange, writer)
            : await whole(request, identity, context, exchange, writer)
        turns.leave(ticket)
        return outcome
    }

    private func whole(
        _ request: ChatRequest, _ identity: AnswerIdentity, _ context: RunContext, _ exchange: Exchange,
        _ writer: consuming ResponseWriter
    ) async -> RouteOutcome {
        do throws(CodedError) {
            let answer = try await turns.answer(request, streaming: false, sink: nil, context: context)
            var identity = identity
            identity.model = answer.target.name
            var headers = answer.headers
            headers.set("content-type", "application/json")
            // In dollars. A stream's head is sent before anybody knows.
            if let cost = answer.ledger?.cost { headers.set("x-tutti-cost", cost.description) }
            let body = OpenAI.encodeCompletion(answer.completion, as: identity)
            return RouteOutcome(await writer.send(Response(status: 200, headers: headers, body: body)))
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
    }

    private func stream(
        _ request: ChatRequest, _ identity: AnswerIdentity, _ context: RunContext, _ exchange: Exchange,
        _ writer: consuming ResponseWriter
    ) async -> RouteOutcome {
        let format = OpenAIStreamFormat(identity: identity, includeUsage: request.includeUsage)
        let answer = EventStreamAnswer(
            loop: exchange.request.loop, format: format, writer: writer, heartbeat: turns.settings.heartbeat,
            refusal: { ErrorRendering.response($0, path: exchange.path, requestID: exchange.requestID) })
        return await answer.answer { sink throws(CodedError) in
            try await turns.answer(request, streaming: true, sink: sink, context: context)
        }
    }
}

/// `chat.completion.chunk` events. Only what models say is shown; the pipeline's own events are not of this dialect.
struct OpenAIStreamFormat: EventStreamFormat {
    private var identity: AnswerIdentity
    private let includeUsage: Bool
    private var encoder: OpenAI.StreamEncoder?
    private(set) var headers = HTTPHeaders()

    init(identity: AnswerIdentity, includeUsage: Bool) {
        self.identity = identity
        self.includeUsage = includeUsage
    }

    func opens(with signal: ChatSignal) -> Bool {
        if case .said(.answering) = signal { true } else { false }
    }

    mutating func signal(_ signal: ChatSignal, into output: inout [UInt8]) {
        guard case .said(let event) = signal else { return }
        switch event {
        case .answering(let target, let headers):
            identity.model = target.name
            self.headers = headers
            encoder = OpenAI.StreamEncoder(as: identity, includeUsage: includeUsage)
        case .model(let event): encoder?.encode(event, into: &output)
        }
    }

    mutating func finish(_ answer: ChatAnswer, into output: inout [UInt8]) { encoder?.finish(into: &output) }

    mutating func fail(_ error: CodedError, into output: inout [UInt8]) {
        var encoder = encoder ?? OpenAI.StreamEncoder(as: identity, includeUsage: includeUsage)
        encoder.fail(error, into: &output)
    }
}
