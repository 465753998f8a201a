internal import Base
internal import HTTP
internal import HTTPServer
internal import Orchestrator

/// `POST /api/orchestrator/bulk`: many turns in one request, a line of JSON each; their answers come as lines, in the
/// same order, while the questions are still being read.
struct BulkRoute: Sendable {
    /// Bytes of a line: of one question.
    static let lineLimit = 1 << 20
    private static let mediaTypes = ["application/jsonl", "application/x-ndjson", "application/x-jsonlines"]

    let turns: Turns

    var route: Route {
        Route(
            method: "POST", path: "/api/orchestrator/bulk", operation: .bulk, access: .role(.member),
            answersWhileDraining: false
        ) { exchange, writer in
            await handle(exchange, writer)
        }
    }

    private func handle(_ exchange: Exchange, _ writer: consuming ResponseWriter) async -> RouteOutcome {
        let request = exchange.request
        let query: BulkQuery
        let stop = BulkStop()
        let ticket: RunTicket
        do throws(CodedError) {
            guard BulkRoute.mediaTypes.contains(where: { request.head.headers.hasMediaType($0) }) else {
                throw CodedError(
                    .unsupportedMediaType,
                    "The body must be JSON Lines, one request a line: send `content-type: application/jsonl`.")
            }
            query = try BulkQuery(request.head.query)
            // What is wrong with the priority is wrong for all lines.
            _ = try turns.context(exchange, requestID: exchange.requestID)
            // All of it can be cancelled by its own id. It is no turn, so it is not counted as one.
            ticket = try turns.registry.enter(exchange.requestID, scope: exchange.scope) { stop.stop(.cancelled) }
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
        let body = writer.begin(
            status: 200, headers: ["content-type": "application/jsonl", "cache-control": "no-cache"])
        // An empty line is no answer, and keeps whatever stands between from taking the silence for an end.
        body.pieces.heartbeat(every: turns.settings.heartbeat, Array("\n".utf8))
        body.pieces.beat()
        // A stop of the server ends it as well: what is still to come belongs elsewhere.
        let watcher = turns.drainState.watch { stop.stop(.draining) }
        let run = BulkRun(
            query: query, request: request, pieces: body.pieces, item: BulkItem(turns: turns, exchange: exchange),
            stop: stop)
        let end = await run.end()
        turns.drainState.forget(watcher)
        ticket.leave()
        switch end {
        case .whole: return RouteOutcome(await body.finish())
        case .cancelled:
            let error = CodedError(.cancelled, "The request was cancelled.")
            return RouteOutcome(await body.finish(), error: error)
        case .cut(let error): return RouteOutcome(await body.abandon(), error: error)
        }
    }
}

/// What the address of a bulk request says.
struct BulkQuery: Sendable, Equatable {
    static let mostParallel = 64

    /// Lines that have their answers already: from an earlier request that broke off.
    var after = 0
    /// Turns at once.
    var parallel = 8

    /// - Throws: `invalid_value`.
    init(_ query: String?) throws(CodedError) {
        for part in (query ?? "").split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count == 2 ? Int(pair[1]) : nil
            switch pair[0] {
            case "after":
                guard let value, value >= 0 else {
                    throw CodedError(
                        .invalidValue, "'after' is the number of lines that have their answers: 0 or more.",
                        param: "after")
                }
                after = value
            case "parallel":
                guard let value, 1...Self.mostParallel ~= value else {
                    throw CodedError(
                        .invalidValue, "'parallel' is how many turns may run at once: 1 to \(Self.mostParallel).",
                        param: "parallel")
                }
                parallel = value
            default:
                throw CodedError(
                    .invalidValue, "Of the address only 'after' and 'parallel' are read.",
                    param: String(pair[0].prefix(64)))
            }
        }
    }
}
