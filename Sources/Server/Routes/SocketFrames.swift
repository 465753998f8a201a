internal import Base
internal import JSON
internal import Orchestrator

/// What the server says on the socket: one JSON object a message.
enum SocketFrames {
    /// `{event, id, requestId, data}`: an event of a run, as it was logged.
    static func event(_ event: LoggedEvent, of run: LiveRun) -> [UInt8] {
        var writer = JSONWriter(reserving: event.data.count + 160)
        writer.beginObject()
        writer.member("event", event.name)
        writer.member("id", "\(run.runID):\(event.sequence)")
        writer.member("requestId", run.requestID)
        writer.member("data", raw: event.data)
        writer.endObject()
        return writer.bytes
    }

    /// The answer to `{"type": "ping"}`.
    static let pong = Array(#"{"event":"PONG"}"#.utf8)

    /// `{event: "ERROR", requestId, data}`: what was wrong with a message. It belongs to no run, so it has no id.
    /// - Parameter kept: The events of a run that are still there, where some are not.
    static func error(
        _ error: CodedError, requestID: String?, runID: String? = nil, kept: Range<Int>? = nil
    ) -> [UInt8] {
        let error = error.shown(requestID: requestID)
        var writer = JSONWriter(reserving: 320)
        writer.beginObject()
        writer.member("event", "ERROR")
        writer.member("requestId", orNull: requestID)
        writer.key("data")
        writer.beginObject()
        writer.member("user", error.code.fault == .caller)
        writer.member("code", error.code.name)
        writer.member("kind", error.code.kind.rawValue)
        writer.member("message", error.message)
        writer.member("param", ifPresent: error.param)
        writer.member("requestId", orNull: requestID)
        writer.member("runId", ifPresent: runID)
        writer.member("retryable", error.code.retryable)
        writer.member("retryAfterMs", ifPresent: ErrorRendering.retryAfterMilliseconds(error))
        if let kept, !kept.isEmpty {
            writer.key("kept")
            writer.beginObject()
            writer.member("first", kept.lowerBound)
            writer.member("last", kept.upperBound - 1)
            writer.endObject()
        }
        writer.endObject()
        writer.endObject()
        return writer.bytes
    }
}
