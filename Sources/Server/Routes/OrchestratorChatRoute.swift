internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Models
internal import Orchestrator

/// `POST /api/orchestrator/chat`: a turn in Tutti's own shapes, as one answer or as run events.
struct OrchestratorChatRoute: Sendable {
    private let turns: Turns

    init(turns: Turns) { self.turns = turns }

    var route: Route {
        Route(
            method: "POST", path: "/api/orchestrator/chat", operation: .orchestratorChat, access: .role(.member),
            answersWhileDraining: false
        ) { exchange, writer in
            await handle(exchange, writer)
        }
    }

    private func handle(_ exchange: Exchange, _ writer: consuming ResponseWriter) async -> RouteOutcome {
        let turn: NativeTurn
        let requestID: String
        let context: RunContext
        let ticket: RunTicket
        do throws(CodedError) {
            turn = try NativeTurn(body: try await exchange.json(turns.settings))
            requestID = turn.requestID ?? exchange.requestID
            context = try turns.context(exchange, requestID: requestID)
            if turn.isResumable {
                return await ResumableTurn(turns: turns, turn: turn).answer(context, exchange, writer)
            }
            ticket = try turns.enter(exchange, requestID: requestID)
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
        // The id of the run is the id of the answer, whichever way the client gave it.
        writer.headers.set("x-request-id", requestID)
        var exchange = exchange
        exchange.requestID = requestID
        let report = TurnReport(
            requestID: requestID, runID: context.runID,
            conversationID: turn.conversationID ?? turns.identifier(.conversation), personaID: turn.personaID,
            started: turns.time.now(), bottlenecks: turns.settings.bottlenecks)
        guard turn.stream else {
            var outcome = await whole(turn, report, context, exchange, writer, ticket)
            outcome.requestID = requestID
            return outcome
        }
        var outcome = await stream(turn, report, context, exchange, writer, ticket)
        outcome.requestID = requestID
        return outcome
    }

    @inline(never)
    private func whole(
        _ turn: NativeTurn, _ report: TurnReport, _ context: RunContext, _ exchange: Exchange,
        _ writer: consuming ResponseWriter, _ ticket: consuming RunTicket
    ) async -> RouteOutcome {
        let timings = PhaseTimings(
            turns.settings.bottlenecks, loop: exchange.request.loop, started: report.started, time: turns.time)
        do throws(CodedError) {
            let shared = try await turns.whole(
                turn.shared, conversation: report.conversationID, sink: timings, context: context, leaving: ticket)
            let phases = await timings.phases
            let answer = shared.value
            let body = report.answer(answer, phases: phases, total: turns.time.now().since(report.started))
            var headers: HTTPHeaders = ["content-type": "application/json"]
            answer.marks.set(in: &headers)
            return RouteOutcome(await writer.send(Response(status: 200, headers: headers, body: body)))
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
    }

    /// On its own, as ``whole``: a frame lives as long as its turn, and each needs but one of the two.
    @inline(never)
    private func stream(
        _ turn: NativeTurn, _ report: TurnReport, _ context: RunContext, _ exchange: Exchange,
        _ writer: consuming ResponseWriter, _ ticket: consuming RunTicket
    ) async -> RouteOutcome {
        let answer = EventStreamAnswer(
            loop: exchange.request.loop, format: NativeStreamFormat(report: report, time: turns.time),
            writer: writer, heartbeat: turns.settings.heartbeat,
            refusal: { ErrorRendering.response($0, path: exchange.path, requestID: report.requestID) })
        return await answer.answer(of: turns, leaving: ticket) { sink throws(CodedError) in
            try await turns.answer(
                turn.shared, conversation: report.conversationID, streaming: true, sink: sink, context: context)
        }
    }
}
