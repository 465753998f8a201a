internal import Base
internal import HTTP
internal import Orchestrator

/// Run events as server-sent events: `event:` names one, `data` is one JSON object, `id` is `run:sequence`.
struct NativeStreamFormat: EventStreamFormat {
    static let takesBack = NativeEvents.takesBack
    private var events: NativeEvents
    private var frames: RunEventFrames
    /// None: the head is sent before anybody answers. What there is to say of the answer stands in `COMPLETE`.
    var headers: HTTPHeaders { HTTPHeaders() }

    init(report: TurnReport, time: any TimeSource) {
        events = NativeEvents(report: report, time: time)
        frames = RunEventFrames(runID: report.runID)
    }

    func opens(with signal: ChatSignal) -> Bool { NativeEvents.opens(with: signal) }

    mutating func signal(_ signal: ChatSignal, into output: inout [UInt8]) {
        var frames = frames
        events.signal(signal) { frames.append($0, $1, to: &output) }
        self.frames = frames
    }

    mutating func finish(_ answer: ChatAnswer, into output: inout [UInt8]) {
        var frames = frames
        events.finish(answer) { frames.append($0, $1, to: &output) }
        self.frames = frames
    }

    mutating func fail(_ error: CodedError, into output: inout [UInt8]) {
        var frames = frames
        events.fail(error) { frames.append($0, $1, to: &output) }
        self.frames = frames
    }
}

/// Writes a run's events as frames of an event stream.
struct RunEventFrames: Sendable {
    private let runID: String
    /// Of the next event that has none of its own.
    private var sequence = 0

    init(runID: String) { self.runID = runID }

    /// Appends the next event.
    mutating func append(_ name: String, _ data: [UInt8], to output: inout [UInt8]) {
        write(name, sequence, data, to: &output)
        sequence += 1
    }

    /// Appends an event as it was logged.
    func append(_ event: LoggedEvent, to output: inout [UInt8]) {
        write(event.name, event.sequence, event.data, to: &output)
    }

    private func write(_ name: String, _ sequence: Int, _ data: [UInt8], to output: inout [UInt8]) {
        // Names and ids are ours and hold no line end, which is all that could be refused.
        try? SSEEncoder.append(event: name, id: "\(runID):\(sequence)", data: data, to: &output)
    }
}
