internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Orchestrator
internal import Transport

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
        do throws(CodedError) {
            guard BulkRoute.mediaTypes.contains(where: { request.head.headers.hasMediaType($0) }) else {
                throw CodedError(
                    .unsupportedMediaType,
                    "The body must be JSON Lines, one request a line: send `content-type: application/jsonl`.")
            }
            query = try BulkQuery(request.head.query)
            // What is wrong with the priority is wrong for all lines.
            _ = try turns.context(exchange, requestID: exchange.requestID)
        } catch {
            return await RouteOutcome.failed(error, exchange, writer)
        }
        let body = writer.begin(
            status: 200, headers: ["content-type": "application/jsonl", "cache-control": "no-cache"])
        // An empty line is no answer, and keeps whatever stands between from taking the silence for an end.
        body.pieces.heartbeat(every: turns.settings.heartbeat, Array("\n".utf8))
        body.pieces.beat()
        let item = BulkItem(turns: turns, exchange: exchange)
        switch await BulkRoute.answer(query, request, body.pieces, item) {
        case .whole: return RouteOutcome(await body.finish())
        case .cut(let error): return RouteOutcome(await body.abandon(), error: error)
        }
    }

    private enum End {
        case whole
        /// Not every line has its answer: the client sees the connection break, and goes on with `?after=`.
        case cut(CodedError?)
    }

    /// One thing that happens: a line has come, or a turn has ended.
    private enum Event: Sendable {
        case line(Result<LineReader.Line?, CodedError>, LineReader)
        case answer(Int, [UInt8])
    }

    private static func answer(
        _ query: BulkQuery, _ request: Request, _ pieces: BodyPieces, _ item: BulkItem
    ) async -> End {
        await withTaskGroup(of: Event.self) { group in
            var order = BulkOrder(after: query.after)
            var (number, running) = (0, 0)
            var (isReading, hasEnded) = (false, false)
            var reader = LineReader(limit: lineLimit)
            while true {
                // Lines are read as far as there is room for their answers, and no further.
                if !isReading, !hasEnded, running + order.held < query.parallel {
                    isReading = true
                    let now = reader
                    group.addTask { await nextLine(of: request, now) }
                }
                guard let event = await group.next() else { return .whole }
                switch event {
                case .line(.failure(let error), _):
                    group.cancelAll()
                    return .cut(error)
                case .line(.success(let line), let next):
                    (reader, isReading) = (next, false)
                    guard let line else {
                        hasEnded = true
                        continue
                    }
                    number += 1
                    if number <= query.after { continue }
                    running += 1
                    group.addTask { [number] in .answer(number, await item.answer(line, number: number)) }
                case .answer(let number, let answer):
                    running -= 1
                    let ready = order.take(number, answer).flatMap(\.self)
                    do { if !ready.isEmpty { try await pieces.write(ready) } } catch {
                        group.cancelAll()
                        return .cut(nil)
                    }
                }
            }
        }
    }

    private static func nextLine(of request: Request, _ reader: LineReader) async -> Event {
        var reader = reader
        while true {
            if let line = reader.next() { return .line(.success(line), reader) }
            guard !reader.hasEnded else { return .line(.success(nil), reader) }
            do throws(CodedError) {
                if let piece = try await request.nextPiece() { reader.feed(piece) } else { reader.end() }
            } catch {
                return .line(.failure(error), reader)
            }
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
