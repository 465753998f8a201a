public import Base

/// A GGUF model in this process. Loaded on first use; computes on a thread of its own, below the event loops'
/// priority; several conversations share each forward pass.
public final class LocalModel: Sendable {
    public let configuration: LocalConfiguration
    private let engine: LocalEngine

    /// `generator` gives the seeds of requests that name none; `time` tells when a request's deadline is over.
    public init(configuration: LocalConfiguration, generator: SeededGenerator, time: any TimeSource) {
        self.configuration = configuration
        engine = LocalEngine(configuration: configuration, generator: generator, time: time)
    }

    deinit { engine.stop() }

    /// Starts a conversation, and returns once it has its place in the queue.
    ///
    /// Throws `model_unavailable` when library or model are missing or cannot be loaded, `overloaded` when the queue
    /// is full, `context_length_exceeded` when the prompt leaves no room, `invalid_value` with a `param` for what the
    /// model cannot be asked, `shutting_down` after ``shutdown()``.
    public func start(_ request: LocalRequest) async throws(CodedError) -> LocalStream {
        guard !request.messages.isEmpty else {
            throw CodedError(.invalidValue, "There must be at least one message.", param: "messages")
        }
        let stream = LocalStream(try engine.submit(request))
        _ = try await stream.channel.next()
        return stream
    }

    /// Ends what is running with `shutting_down` and takes nothing new. The thread ends after its current pass.
    public func shutdown() { engine.stop() }
}

/// The events of one request. One reader at a time; cancelling its task, or dropping the stream, ends the
/// conversation between two tokens and frees its slot.
public final class LocalStream: Sendable {
    let channel: AnswerChannel

    init(_ channel: AnswerChannel) { self.channel = channel }

    deinit { channel.close() }

    /// The next event; `nil` after every answer has finished.
    public func next() async throws(CodedError) -> LocalEvent? {
        while let item = try await channel.next() {
            if case .event(let event) = item { return event }
        }
        return nil
    }

    public func cancel() { channel.close() }
}
