internal import Base
internal import Graph
internal import Models
internal import Orchestrator
internal import Synchronization

/// A turn whose run belongs to no connection: what it says becomes the events of the run's log, whoever reads them.
final class LiveTurn: ChatSink {
    /// Not that of kept graphs.
    typealias Run = Orchestrator.LiveRun

    /// How it ended, for the request that began it.
    enum End: Sendable {
        /// The body of the whole answer where one is wanted, and how it is marked.
        case answered([UInt8]?, AnswerMarks)
        /// Before there was anything to tell: it gets a status of its own.
        case refused(CodedError)
        case failed(CodedError)

        /// Whether it was never a turn. Other ends are kept for a client that has gone meanwhile.
        var leavesNothing: Bool {
            guard case .refused(let error) = self else { return false }
            return error.code.fault == .caller && error.code != .cancelled
        }

        var error: CodedError? {
            switch self {
            case .answered: nil
            case .refused(let error), .failed(let error): error
            }
        }
    }

    private struct State {
        var events: NativeEvents
        var hasOpened = false
        var end: End?
    }

    let run: Run
    var takesBack: Bool { NativeEvents.takesBack }
    private let report: TurnReport
    private let time: any TimeSource
    private let wantsBody: Bool
    /// Steps speak at the same time: what one says is rendered and logged before the next.
    private let state: Mutex<State>

    init(_ run: Run, report: TurnReport, time: any TimeSource, wantsBody: Bool) {
        self.run = run
        self.wantsBody = wantsBody
        self.report = report
        self.time = time
        state = Mutex(State(events: NativeEvents(report: report, time: time)))
    }

    /// `nil` while it runs.
    var end: End? { state.withLock(\.end) }

    func offer(_ signal: ChatSignal) -> EventIntake {
        guard run.hasRoom else { return .full }
        hear(signal)
        return .taken
    }

    func receive(_ signal: ChatSignal) async throws(CancellationError) {
        try await run.room()
        hear(signal)
    }

    private func hear(_ signal: ChatSignal) {
        state.withLock { state in
            if !state.hasOpened { state.hasOpened = NativeEvents.opens(with: signal) }
            var said: [Run.Event] = []
            state.events.signal(signal) { said.append(($0, $1)) }
            run.log(said)
        }
    }

    func finish(_ answer: ChatAnswer) {
        let last = state.withLock { state in
            let total = time.now().since(report.started)
            let body = wantsBody ? report.answer(answer, phases: state.events.phases, total: total) : nil
            state.end = .answered(body, answer.marks)
            var said: [Run.Event] = []
            state.events.finish(answer) { said.append(($0, $1)) }
            return said
        }
        run.end(with: last)
    }

    func fail(_ error: CodedError) {
        let last = state.withLock { state in
            state.end = state.hasOpened ? .failed(error) : .refused(error)
            var said: [Run.Event] = []
            state.events.fail(error) { said.append(($0, $1)) }
            return said
        }
        run.end(with: last)
    }
}
