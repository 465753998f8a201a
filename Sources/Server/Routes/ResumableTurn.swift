internal import Base
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator

/// A native turn whose run goes on when its client's connection ends. The connection that began it is its first reader.
struct ResumableTurn: Sendable {
    let turns: Turns
    let turn: NativeTurn

    func answer(
        _ context: RunContext, _ exchange: Exchange, _ writer: consuming ResponseWriter
    ) async -> RouteOutcome {
        var exchange = exchange
        exchange.requestID = context.requestID
        let live: LiveTurn
        let reader: RunReader
        do throws(CodedError) {
            live = try turns.beginLive(turn, context: context, on: exchange.request.loop)
            reader = try live.run.attach(after: nil)
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
        // The id of the run is the id of the answer, whichever way the client gave it.
        writer.headers.set("x-request-id", context.requestID)
        var outcome =
            turn.stream
            ? await stream(live, reader, exchange, writer) : await whole(live, reader, exchange, writer)
        if live.end?.leavesNothing == true { turns.liveRuns.forget(live.run) }
        outcome.requestID = context.requestID
        return outcome
    }

    private func stream(
        _ live: LiveTurn, _ reader: RunReader, _ exchange: Exchange, _ writer: consuming ResponseWriter
    ) async -> RouteOutcome {
        let (path, requestID) = (exchange.path, exchange.requestID)
        let answer = RunEventsAnswer(
            loop: exchange.request.loop, reader: reader, runID: live.run.runID, writer: writer,
            heartbeat: turns.settings.heartbeat,
            refusal: { ErrorRendering.response($0, path: path, requestID: requestID) })
        let answered = await answer.answer(unless: {
            if case .refused(let error) = live.end { error } else { nil }
        })
        return RouteOutcome(answered, error: live.end?.error)
    }

    private func whole(
        _ live: LiveTurn, _ reader: RunReader, _ exchange: Exchange, _ writer: consuming ResponseWriter
    ) async -> RouteOutcome {
        // What it is told piece by piece, it has at the end.
        while let events = (try? await reader.next()) ?? reader.ready(), !events.isEmpty {}
        switch live.end {
        case .answered(let body?, let marks):
            var headers: HTTPHeaders = ["content-type": "application/json"]
            marks.set(in: &headers)
            return RouteOutcome(await writer.send(Response(status: 200, headers: headers, body: body)))
        case .refused(let error), .failed(let error):
            return await RouteOutcome.failed(error, exchange, writer)
        default:
            return await RouteOutcome.failed(
                CodedError(.cancelled, "The connection ended before the answer did. The run goes on."), exchange, writer
            )
        }
    }
}
