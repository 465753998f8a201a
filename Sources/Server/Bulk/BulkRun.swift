internal import Base
internal import HTTPServer

/// Reads the lines of one bulk request, has them answered, and writes the answers.
struct BulkRun: Sendable {
    let query: BulkQuery
    let request: Request
    let pieces: BodyPieces
    let item: BulkItem
    let stop: BulkStop

    enum End: Sendable {
        case whole
        /// No more lines were begun; those that had been have their answers.
        case cancelled
        /// Not every line has its answer: the client sees the connection break, and goes on with `?after=`.
        case cut(CodedError?)
    }

    /// One thing that happens: a line has come, a turn has ended, or no more are to begin.
    private enum Event: Sendable {
        case line(Result<LineReader.Line?, CodedError>, LineReader)
        case answer(BulkItem.Question, [UInt8])
        case stopped
    }

    private typealias Group = TaskGroup<Event>

    func end() async -> End {
        await withTaskGroup(of: Event.self) { group in
            var window = BulkWindow<BulkItem.Question>(parallel: query.parallel, after: query.after)
            var number = 0
            var (isReading, hasEnded) = (false, false)
            var reader = LineReader(limit: BulkRoute.lineLimit)
            var known: BulkStop.Reason?
            watch(after: nil, &group)
            // Whatever is left of the work when this is over is not wanted any more.
            defer {
                group.cancelAll()
                if isReading { request.stopPieces() }
            }
            while true {
                // Looked at before each line: who cancels everything must not find another one begun behind its back.
                let reason = stop.reason
                if reason != nil { window.stop() }
                if reason == .cancelled, known != .cancelled {
                    group.cancelAll()
                    let refused = window.refuseWaiting { item.cancelled($0) }
                    guard await write(refused) else { return .cut(nil) }
                }
                known = reason
                if reason == nil, !isReading, !hasEnded, window.hasRoom {
                    // Lines are read as far as there is room for their answers, and no further.
                    isReading = true
                    let now = reader
                    group.addTask { await nextLine(now) }
                }
                if window.isIdle {
                    if hasEnded, !window.hasWaiting { return reason == .cancelled ? .cancelled : .whole }
                    switch reason {
                    case .cancelled: return .cancelled
                    case .draining: return .cut(BulkRun.draining)
                    case nil: break
                    }
                }
                switch await group.next() {
                case .line(.failure(let error), _): return .cut(error)
                case .line(.success(let line), let next):
                    (reader, isReading) = (next, false)
                    guard let line else {
                        hasEnded = true
                        continue
                    }
                    number += 1
                    guard number > query.after, stop.reason == nil else { continue }
                    let question = item.question(line, number: number)
                    if let first = window.take(question, number: number, of: question.conversation) {
                        begin(first, &group)
                    }
                case .answer(let question, let answer):
                    let step = window.end(question.number, of: question.conversation, answer)
                    if let next = step.next { begin(next, &group) }
                    guard await write(step.ready) else { return .cut(nil) }
                case .stopped:
                    // What is cancelled itself has nothing more to wait for.
                    if !group.isCancelled, !Task.isCancelled { watch(after: stop.reason, &group) }
                case nil: return .cut(nil)
                }
            }
        }
    }

    private static let draining = CodedError(.shuttingDown, "The server stopped before all lines were answered.")

    private func watch(after known: BulkStop.Reason?, _ group: inout Group) {
        group.addTask {
            await stop.wait(after: known)
            return .stopped
        }
    }

    private func begin(_ question: BulkItem.Question, _ group: inout Group) {
        group.addTask { .answer(question, await item.answer(question)) }
    }

    /// Whether the client still takes them.
    private func write(_ answers: [[UInt8]]) async -> Bool {
        guard !answers.isEmpty else { return true }
        do { try await pieces.write(answers.flatMap(\.self)) } catch { return false }
        return true
    }

    private func nextLine(_ reader: LineReader) async -> Event {
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
