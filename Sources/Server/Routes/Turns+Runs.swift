internal import Base
internal import Models
internal import Orchestrator
internal import Synchronization
internal import Transport

extension Turns {
    /// Begins a turn whose run does not end with its client's connection: it is entered under its request id and its
    /// run id, runs on `loop` in a task of its own, and logs its run events. Whoever shows them attaches a reader.
    /// - Throws: `request_in_flight`, `overloaded`, `shutting_down`. What is wrong with the turn itself is an event of
    ///   the run.
    func beginLive(_ turn: NativeTurn, context: RunContext, on loop: EventLoop) throws(CodedError) -> LiveTurn {
        // The id first: a request that is sent again while its run goes on must not take that run's place.
        let ending = Ending()
        let place = TurnPlace(self, try enter(context.requestID, context.scope) { ending.cancel() })
        let run: LiveTurn.Run
        do throws(CodedError) { run = try liveRuns.open(context, settings: settings.runs) } catch {
            place.leave()
            throw error
        }
        ending.attach { [weak run] in run?.cancel() }
        let report = TurnReport(
            requestID: context.requestID, runID: context.runID,
            conversationID: turn.conversationID ?? identifier(.conversation), personaID: turn.personaID,
            started: time.now(), bottlenecks: settings.bottlenecks)
        let live = LiveTurn(run, report: report, time: time, wantsBody: !turn.stream)
        run.start(on: loop) { _ in
            do throws(CodedError) {
                let answer = try await self.answer(
                    turn.shared, conversation: report.conversationID, streaming: turn.stream, sink: live,
                    context: context)
                // Before the last event: whoever has read it may use the request's id again.
                place.leave()
                live.finish(answer.value)
            } catch {
                place.leave()
                live.fail(error)
            }
        }
        return live
    }
}

/// The place of a turn among those that run, where a closure has to give it up.
private final class TurnPlace: Sendable {
    private let turns: Turns
    private let ticket: Mutex<RunTicket?>

    init(_ turns: Turns, _ ticket: consuming RunTicket) {
        self.turns = turns
        self.ticket = Mutex(ticket)
    }

    func leave() {
        guard let ticket = ticket.withLock({ $0.take() }) else { return }
        turns.leave(ticket)
    }
}

extension RunSettings {
    init(_ runs: Configuration.Runs) {
        self.init(grace: runs.grace, ring: runs.ring, keep: runs.keep, runs: runs.maxRuns, memory: runs.maxMemory)
        // One run alone is not to push all others out.
        ringBytes = min(ringBytes, max(64 << 10, memory / 4))
    }
}
