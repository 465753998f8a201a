internal import Base
internal import Synchronization

/// The way from the engine's thread to the one reader of an answer. Bounded: a reader that falls behind pauses its own
/// conversation, nobody else's.
final class AnswerChannel: Sendable {
    enum Item: Sendable, Equatable {
        /// The conversation is in the queue; its prompt fits.
        case accepted
        case event(LocalEvent)
    }

    /// What the reader's side tells the engine.
    enum Notice: Sendable {
        case closed, drained
    }

    private typealias Waiter = CheckedContinuation<Result<Item?, CodedError>, Never>

    private struct State {
        var items: [Item] = []
        var end: Result<Item?, CodedError>?
        var waiter: Waiter?
        var isPaused = false
        var isClosed = false
    }

    /// Items at which the conversation pauses; it goes on when half of them are read.
    static let capacity = 64

    private let state = Mutex(State())
    private let notify: @Sendable (Notice) -> Void

    init(notify: @escaping @Sendable (Notice) -> Void) { self.notify = notify }

    /// Answers whether there is room for more. The engine adds at most one item a token after it was told no.
    func push(_ item: Item) -> Bool {
        let (waiter, room) = state.withLock { state -> (Waiter?, Bool) in
            if state.isClosed { return (nil, true) }
            if let waiter = state.waiter {
                state.waiter = nil
                return (waiter, true)
            }
            state.items.append(item)
            // Only the reader ends a pause: it is he who then tells the engine.
            if state.items.count >= Self.capacity { state.isPaused = true }
            return (nil, !state.isPaused)
        }
        waiter?.resume(returning: .success(item))
        return room
    }

    /// The last word: nothing is pushed after it.
    func finish(_ error: CodedError? = nil) {
        let end: Result<Item?, CodedError> = error.map { .failure($0) } ?? .success(nil)
        let waiter = state.withLock { state -> Waiter? in
            if state.end == nil { state.end = end }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: end)
    }

    func next() async throws(CodedError) -> Item? {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in take(continuation) }
        } onCancel: {
            close()
        }
        return try result.get()
    }

    /// The reader is gone: the engine stops the conversation and forgets it.
    func close() {
        let (waiter, isNews) = state.withLock { state -> (Waiter?, Bool) in
            let isNews = !state.isClosed && state.end == nil
            state.isClosed = true
            state.items = []
            if state.end == nil { state.end = .failure(CodedError(.cancelled, "The request was cancelled.")) }
            defer { state.waiter = nil }
            return (state.waiter, isNews)
        }
        waiter?.resume(returning: .failure(CodedError(.cancelled, "The request was cancelled.")))
        if isNews { notify(.closed) }
    }

    private func take(_ continuation: Waiter) {
        let (result, isDrained) = state.withLock { state -> (Result<Item?, CodedError>?, Bool) in
            if !state.items.isEmpty {
                let item = state.items.removeFirst()
                guard state.isPaused, state.items.count <= Self.capacity / 2 else { return (.success(item), false) }
                state.isPaused = false
                return (.success(item), true)
            }
            if let end = state.end { return (end, false) }
            state.waiter = continuation
            return (nil, false)
        }
        if isDrained { notify(.drained) }
        if let result { continuation.resume(returning: result) }
    }
}
