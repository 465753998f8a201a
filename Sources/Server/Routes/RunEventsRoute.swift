internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Orchestrator

/// `GET /api/orchestrator/runs/{id}/events`: a resumable run's events after a cursor, while it runs and for as long as
/// they are kept.
struct RunEventsRoute: Sendable {
    let liveRuns: LiveRuns
    let heartbeat: Duration

    var route: Route {
        // Also while the server stops: what runs then is still to be followed.
        Route(
            method: "GET", path: "/api/orchestrator/runs/{id}/events", operation: .runEvents, access: .role(.member),
            answersWhileDraining: true
        ) { exchange, writer in
            await handle(exchange, writer)
        }
    }

    private func handle(_ exchange: Exchange, _ writer: consuming ResponseWriter) async -> RouteOutcome {
        let head = exchange.request.head
        let (path, requestID) = (exchange.path, exchange.requestID)
        let run: LiveRun
        let cursor: Int?
        do throws(CodedError) {
            run = try liveRuns.run(exchange.parameters["id"] ?? "", of: exchange.scope)
            cursor = try RunCursor.read(head, of: run.runID)
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
        // What nobody could have been told since: a client that connects again by itself is to stop.
        if run.isOver, let cursor, cursor == run.kept.upperBound - 1 {
            return RouteOutcome(await writer.send(Response(status: 204)))
        }
        let reader: RunReader
        do throws(CodedError) { reader = try run.attach(after: cursor) } catch {
            let kept = error.code == .eventsGone ? RunEventsRoute.json(run.kept) : nil
            let response = ErrorRendering.response(error, path: path, requestID: requestID, kept: kept)
            return RouteOutcome(await writer.send(response), error: error)
        }
        guard head.method != "HEAD" else {
            let headers: HTTPHeaders = [
                "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache",
            ]
            return RouteOutcome(await writer.send(Response(status: 200, headers: headers)))
        }
        let answer = RunEventsAnswer(
            loop: exchange.request.loop, reader: reader, runID: run.runID, writer: writer, heartbeat: heartbeat,
            refusal: { ErrorRendering.response($0, path: path, requestID: requestID) })
        return RouteOutcome(await answer.answer())
    }

    /// `null` when none is left.
    private static func json(_ kept: Range<Int>) -> JSON {
        kept.isEmpty
            ? .null : ["first": .int(Int64(kept.lowerBound)), "last": .int(Int64(kept.upperBound - 1))]
    }
}

/// Where a client wants to go on.
enum RunCursor {
    /// `Last-Event-ID`, which a browser sends by itself when it connects again to the same address, else `?after=N`.
    /// - Throws: `invalid_value`.
    static func read(_ head: RequestHead, of runID: String) throws(CodedError) -> Int? {
        if let id = head.headers["last-event-id"], !id.isEmpty { return try lastEvent(id, of: runID) }
        guard let query = head.query else { return nil }
        for part in query.split(separator: "&") where part.hasPrefix("after=") {
            return try number(part.dropFirst("after=".count), "after")
        }
        return nil
    }

    private static func lastEvent(_ id: String, of runID: String) throws(CodedError) -> Int {
        guard let colon = id.lastIndex(of: ":"), id[..<colon] == runID else {
            throw CodedError(
                .invalidValue, "'Last-Event-ID' must be the id of an event of this run: `\(runID):N`.",
                param: "last-event-id")
        }
        return try number(id[id.index(after: colon)...], "last-event-id")
    }

    private static func number(_ text: Substring, _ param: String) throws(CodedError) -> Int {
        guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(text)
        else {
            throw CodedError(
                .invalidValue, "'\(param)' must give the sequence of an event: 0, 1, 2 and so on.", param: param)
        }
        return number
    }
}
