import Base
import HTTP
import JSON
import Models
import Orchestrator
import Testing

@testable import Server

/// An event of a stream as a client reads it.
struct ReadEvent: Equatable {
    var name: String?
    var id: String?
    var data: JSON
    /// Text that is no JSON: `[DONE]`.
    var text: String?
}

/// Reads a stream as a client does.
func events(_ bytes: [UInt8]) throws -> [ReadEvent] {
    var decoder = SSEDecoder()
    decoder.feed(bytes)
    var result: [ReadEvent] = []
    while let event = try decoder.next() {
        let data = try? JSON(event.data)
        result.append(
            ReadEvent(
                name: event.event, id: event.id, data: data ?? .null,
                text: data == nil ? String(decoding: event.data, as: UTF8.self) : nil))
    }
    return result
}

/// What a format makes of signals and an end.
enum StreamEnd: Sendable {
    case answer(ChatAnswer)
    case failure(CodedError)
}

func stream(
    _ signals: [ChatSignal], then end: StreamEnd, as format: some EventStreamFormat
) throws -> [ReadEvent] {
    var format = format
    var bytes: [UInt8] = []
    for signal in signals { format.signal(signal, into: &bytes) }
    switch end {
    case .answer(let answer): format.finish(answer, into: &bytes)
    case .failure(let error): format.fail(error, into: &bytes)
    }
    return try events(bytes)
}
