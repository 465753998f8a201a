/// An event of a run as its log keeps it. What carries it to a client (server-sent events, a socket's messages) wraps
/// these three.
public struct LoggedEvent: Sendable, Equatable {
    /// Counts from 0 within the run, without a gap. With the run's id it is the event's id: `run:sequence`.
    public let sequence: Int
    public let name: String
    /// One JSON object.
    public let data: [UInt8]

    public init(sequence: Int, name: String, data: [UInt8]) {
        self.sequence = sequence
        self.name = name
        self.data = data
    }
}
