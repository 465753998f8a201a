internal import Base
internal import HTTP
internal import HTTPServer
internal import JSON
internal import Orchestrator
internal import Transport

/// Answers one line of a bulk request: as `POST /api/orchestrator/chat` would, but that it says which line it was, and
/// that its errors stand in the line.
struct BulkItem: Sendable {
    let turns: Turns
    /// The request that all lines came in.
    let exchange: Exchange

    /// A line, and what it asks for.
    struct Question: Sendable {
        let number: Int
        let requestID: String
        fileprivate let turn: Result<NativeTurn, CodedError>

        /// Whose lines are answered one after the other.
        var conversation: String? { (try? turn.get())?.conversationID }
    }

    func question(_ line: LineReader.Line, number: Int) -> Question {
        let turn: Result<NativeTurn, CodedError>
        do throws(CodedError) { turn = .success(try BulkItem.turn(line)) } catch { turn = .failure(error) }
        let given = (try? turn.get())?.requestID
        return Question(number: number, requestID: given ?? turns.identifier(.request), turn: turn)
    }

    /// `{"index": …, "requestId": …, "answer": {…}}` or `{"index": …, "requestId": …, "error": {…}}`, and a line's end.
    func answer(_ question: Question) async -> [UInt8] {
        do throws(CodedError) {
            let answer = try await answer(try question.turn.get(), question.requestID)
            return BulkItem.line(question) { $0.member("answer", raw: answer) }
        } catch {
            return BulkItem.line(question, error)
        }
    }

    /// Of a line that was not begun.
    func cancelled(_ question: Question) -> [UInt8] {
        BulkItem.line(question, CodedError(.cancelled, "The request was cancelled."))
    }

    private static func line(_ question: Question, _ error: CodedError) -> [UInt8] {
        line(question) {
            $0.member(
                "error", raw: ErrorRendering.problem(error.shown(requestID: question.requestID), requestID: nil))
        }
    }

    private static func line(_ question: Question, _ outcome: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        writer.beginObject()
        writer.member("index", question.number)
        writer.member("requestId", question.requestID)
        outcome(&writer)
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private static func turn(_ line: LineReader.Line) throws(CodedError) -> NativeTurn {
        guard case .whole(let bytes) = line else {
            throw CodedError(
                .requestTooLarge, "The line is over the limit of \(BulkRoute.lineLimit) bytes. Send it by itself.")
        }
        let turn = try NativeTurn(body: bytes)
        guard !turn.stream, !turn.isResumable else {
            throw CodedError(
                .invalidValue, "In bulk each answer is one line. Leave 'stream' and 'resumable' out.",
                param: turn.stream ? "stream" : "resumable")
        }
        return turn
    }

    private func answer(_ turn: NativeTurn, _ requestID: String) async throws(CodedError) -> [UInt8] {
        var context = try turns.context(exchange, requestID: requestID)
        // Who asks for many at once waits for those who sit before a screen, unless it says otherwise.
        if exchange.request.head.headers["x-tutti-priority"] == nil { context.priority = .bulk }
        let loop = exchange.request.loop
        let ending = Ending()
        let ticket = try turns.enter(requestID, exchange.scope) { ending.cancel() }
        let work = Task(executorPreference: loop) { [context] () async -> Result<[UInt8], CodedError> in
            await body(turn, context, loop)
        }
        ending.attach { work.cancel() }
        let result = await withTaskCancellationHandler {
            await work.value
        } onCancel: {
            work.cancel()
        }
        turns.leave(ticket)
        return try result.get()
    }

    private func body(
        _ turn: NativeTurn, _ context: RunContext, _ loop: EventLoop
    ) async -> Result<[UInt8], CodedError> {
        let report = TurnReport(
            requestID: context.requestID, runID: context.runID,
            // Without one nothing is remembered, and there is none to go on with.
            conversationID: turn.conversationID, personaID: turn.personaID, started: turns.time.now(),
            bottlenecks: turns.settings.bottlenecks)
        let timings = PhaseTimings(turns.settings.bottlenecks, loop: loop, started: report.started, time: turns.time)
        do throws(CodedError) {
            let answer = try await turns.answer(
                turn.shared, conversation: turn.conversationID, streaming: false, sink: timings, context: context)
            let phases = await timings.phases
            return .success(report.answer(answer.value, phases: phases, total: turns.time.now().since(report.started)))
        } catch {
            return .failure(error)
        }
    }
}
