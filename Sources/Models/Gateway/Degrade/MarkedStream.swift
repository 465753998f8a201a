public import Base
public import HTTP

/// Another stream whose answer is marked, besides what marks it itself.
public final class MarkedStream: ModelStream {
    private let stream: any ModelStream
    private let own: AnswerMarks

    public init(_ stream: any ModelStream, _ marks: AnswerMarks) {
        self.stream = stream
        own = marks
    }

    public var forwardedHeaders: HTTPHeaders { stream.forwardedHeaders }
    public var rateCount: RateCount? { stream.rateCount }
    public var marks: AnswerMarks { own.merging(stream.marks) }

    public func ready() throws(CodedError) -> ModelSupply { try stream.ready() }
    public func ready(_ count: Int, into events: inout [ModelEvent]) throws(CodedError) -> ModelRest {
        try stream.ready(count, into: &events)
    }
    public func next() async throws(CodedError) -> ModelEvent? { try await stream.next() }
    public func cancel() { stream.cancel() }
}
