internal import Base
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator

/// `POST /v1/messages`, Anthropic's dialect. `anthropic-version` may say what it likes, or nothing: there is one.
struct MessagesRoute: Sendable {
    private let turns: Turns
    /// Told once an answer for which something had to be mended.
    private let repaired: @Sendable (Repairs) -> Void

    init(turns: Turns, repaired: @escaping @Sendable (Repairs) -> Void = { _ in }) {
        self.turns = turns
        self.repaired = repaired
    }

    var route: Route {
        Route(method: "POST", path: "/v1/messages", answersWhileDraining: false) { exchange, writer in
            await handle(exchange, writer)
        }
    }

    private func handle(_ exchange: Exchange, _ writer: consuming ResponseWriter) async -> RouteOutcome {
        var request: ChatRequest
        let ticket: RunTicket
        do throws(CodedError) {
            request = try Anthropic.decodeRequest(try await exchange.json(limit: turns.settings.maxBody))
            ticket = try turns.enter(exchange, requestID: exchange.requestID)
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
        request.betas = Self.betas(of: exchange)
        let context = turns.context(exchange, requestID: exchange.requestID)
        let identity = AnswerIdentity(
            id: turns.identifier(.message), created: turns.time.wallTime().seconds, model: request.model)
        let outcome =
            request.stream
            ? await stream(request, identity, context, exchange, writer)
            : await whole(request, identity, context, exchange, writer)
        turns.leave(ticket)
        return outcome
    }

    /// What the client names as in trial: bounded, and of the letters that such names have.
    static func betas(of exchange: Exchange) -> String? {
        guard let betas = exchange.request.head.headers["anthropic-beta"], (1...1024).contains(betas.utf8.count),
            betas.utf8.allSatisfy({ byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                    UInt8(ascii: ","), UInt8(ascii: " "):
                    true
                default: false
                }
            })
        else { return nil }
        return betas
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
            var repairs = Repairs()
            let body = Anthropic.encodeCompletion(answer.completion, as: identity, repairs: &repairs)
            if !repairs.isEmpty { repaired(repairs) }
            return RouteOutcome(await writer.send(Response(status: 200, headers: headers, body: body)))
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
    }

    private func stream(
        _ request: ChatRequest, _ identity: AnswerIdentity, _ context: RunContext, _ exchange: Exchange,
        _ writer: consuming ResponseWriter
    ) async -> RouteOutcome {
        let format = AnthropicStreamFormat(identity: identity, requestID: exchange.requestID, repaired: repaired)
        let answer = EventStreamAnswer(
            loop: exchange.request.loop, format: format, writer: writer, heartbeat: turns.settings.heartbeat,
            refusal: { ErrorRendering.response($0, path: exchange.path, requestID: exchange.requestID) })
        return await answer.answer { sink throws(CodedError) in
            try await turns.answer(request, streaming: true, sink: sink, context: context)
        }
    }
}

/// The events of one message. Only what models say is shown; the pipeline's own events are not of this dialect.
struct AnthropicStreamFormat: EventStreamFormat {
    private var identity: AnswerIdentity
    private let requestID: String
    private let repaired: @Sendable (Repairs) -> Void
    private var encoder: Anthropic.StreamEncoder
    private(set) var headers = HTTPHeaders()

    init(
        identity: AnswerIdentity, requestID: String, repaired: @escaping @Sendable (Repairs) -> Void = { _ in }
    ) {
        self.identity = identity
        self.requestID = requestID
        self.repaired = repaired
        encoder = Anthropic.StreamEncoder(as: identity, requestID: requestID)
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
            encoder = Anthropic.StreamEncoder(as: identity, requestID: requestID)
        case .model(let event): encoder.encode(event, into: &output)
        }
    }

    mutating func finish(_ answer: ChatAnswer, into output: inout [UInt8]) {
        encoder.finish(into: &output)
        tellRepairs()
    }

    mutating func fail(_ error: CodedError, into output: inout [UInt8]) {
        encoder.fail(error, into: &output)
        tellRepairs()
    }

    private func tellRepairs() {
        let repairs = encoder.repairs
        if !repairs.isEmpty { repaired(repairs) }
    }
}
