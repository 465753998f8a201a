internal import Base
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator

/// A route that answers turns in the words of one dialect.
struct ChatRoute<Dialect: ClientDialect>: Sendable {
    let turns: Turns
    let path: String
    let operation: Operation
    let prefix: Identifier.Prefix
    /// Told once an answer for which something had to be mended.
    let repaired: @Sendable (Repairs) -> Void

    init(
        _ dialect: Dialect.Type, at path: String, _ operation: Operation, ids prefix: Identifier.Prefix, turns: Turns,
        repaired: @escaping @Sendable (Repairs) -> Void
    ) {
        self.turns = turns
        self.path = path
        self.operation = operation
        self.prefix = prefix
        self.repaired = repaired
    }

    var route: Route {
        Route(
            method: "POST", path: path, operation: operation, access: .role(.member), answersWhileDraining: false
        ) { exchange, writer in
            await handle(exchange, writer)
        }
    }

    private func handle(_ exchange: Exchange, _ writer: consuming ResponseWriter) async -> RouteOutcome {
        let request: Shared<ChatRequest>
        let context: RunContext
        let ticket: RunTicket
        do throws(CodedError) {
            request = Shared(
                try Dialect.request(
                    try await exchange.json(turns.settings), headers: exchange.request.head.headers))
            context = try turns.context(exchange, requestID: exchange.requestID)
            ticket = try turns.enter(exchange, requestID: exchange.requestID)
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
        if turns.time.isCrowded { await turns.time.giveWay() }
        let identity = AnswerIdentity(
            id: turns.identifier(prefix), created: turns.time.wallTime().seconds, model: request.value.model)
        guard request.value.stream else { return await whole(request, identity, context, exchange, writer, ticket) }
        return await stream(request, identity, context, exchange, writer, ticket)
    }

    @inline(never)
    private func whole(
        _ request: Shared<ChatRequest>, _ identity: AnswerIdentity, _ context: RunContext, _ exchange: Exchange,
        _ writer: consuming ResponseWriter, _ ticket: consuming RunTicket
    ) async -> RouteOutcome {
        do throws(CodedError) {
            let answer = try await turns.whole(request, sink: nil, context: context, leaving: ticket)
            if turns.time.isCrowded { await turns.time.giveWay() }
            let response = response(answer, to: request, as: identity)
            if turns.time.isCrowded { await turns.time.giveWay() }
            return RouteOutcome(await writer.send(response))
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
    }

    /// Out of line, and without a copy of the answer: what works for a moment is not to lie in the frame of a turn.
    @inline(never)
    private func response(
        _ answer: Shared<ChatAnswer>, to request: Shared<ChatRequest>, as identity: AnswerIdentity
    ) -> Response {
        var identity = identity
        identity.model = answer.value.target.name
        var headers = answer.value.headers
        headers.set("content-type", "application/json")
        answer.value.marks.set(in: &headers)
        // In dollars. A stream's head is sent before anybody knows.
        if let cost = answer.value.ledger?.cost { headers.set("x-tutti-cost", cost.description) }
        var repairs = Repairs()
        let body = Dialect.answer(answer.value.completion, to: request.value, as: identity, repairs: &repairs)
        if !repairs.isEmpty { repaired(repairs) }
        return Response(status: 200, headers: headers, body: body)
    }

    /// On its own, as ``whole``: a frame lives as long as its turn, and each needs but one of the two.
    @inline(never)
    private func stream(
        _ request: Shared<ChatRequest>, _ identity: AnswerIdentity, _ context: RunContext, _ exchange: Exchange,
        _ writer: consuming ResponseWriter, _ ticket: consuming RunTicket
    ) async -> RouteOutcome {
        let format = ChatStreamFormat<Dialect>(
            request: request, identity: identity, requestID: exchange.requestID, repaired: repaired)
        let answer = EventStreamAnswer(
            loop: exchange.request.loop, format: format, writer: writer, heartbeat: turns.settings.heartbeat,
            refusal: { ErrorRendering.response($0, path: exchange.path, requestID: exchange.requestID) })
        return await answer.answer(of: turns, leaving: ticket) { sink throws(CodedError) in
            try await turns.answer(request, streaming: true, sink: sink, context: context)
        }
    }
}
