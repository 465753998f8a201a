internal import Base
internal import Models
internal import Orchestrator
internal import Transport

extension Turns {
    /// Begins a turn whose run does not end with its client's connection: it is entered under its request id and its
    /// run id, runs on `loop` in a task of its own, and logs its run events. Whoever shows them attaches a reader.
    /// - Throws: `request_in_flight`, `overloaded`. What is wrong with the turn itself is an event of the run.
    func begin(_ turn: NativeTurn, context: RunContext, on loop: EventLoop) throws(CodedError) -> LiveRun {
        throw CodedError(.internalError, "")
    }
}
