internal import Base
public import JSON
internal import Synchronization

/// A question that a run waits to have answered.
public struct Question: Codable, Equatable, Sendable {
    /// Names the question within its run; an answer goes to this id and nowhere else.
    public let id: String
    /// The node that asks, with the graphs around it: `review/approve`.
    public let node: String
    /// What is to be shown to whoever answers.
    public let content: JSON

    /// For tests; runs make their own. O(1).
    public init(id: String, node: String, content: JSON) {
        self.id = id
        self.node = node
        self.content = content
    }
}

/// Thrown by a node that waits for an answer when nothing else of the run is left to do. Not a failure.
@usableFromInline
struct Parked: Error {
    @usableFromInline init() {}
}

/// The open questions of a run that is loaded, and how much of it is still at work: when nothing is, whoever waits is
/// sent home and the run is parked.
///
/// Whoever works holds one of the counted hands. A node that asks lets go of its own; a graph's driver lets go of the
/// hands of finished nodes only once it has started what follows from them, so that the count is never zero by chance.
@usableFromInline
final class Inbox: Sendable {
    private typealias Continuation = CheckedContinuation<Result<[UInt8], any Error>, Never>

    private struct Waiting {
        let question: Question
        let check: AnswerCheck
        /// `nil` until its node, which has its hand until then, has said to everybody that it asks.
        var continuation: Continuation?
    }

    private struct State {
        var hands = 1
        var waiting: [String: Waiting] = [:]
        /// Answers that were given before their question was asked again.
        var given: [String: [UInt8]] = [:]
        /// Questions for which an answer is on its way.
        var reserved: Set<String> = []
        /// What was open when the run parked.
        var open: [Question] = []
    }

    private let state: Mutex<State>

    init(given: [String: [UInt8]]) { state = Mutex(State(given: given)) }

    /// Of a run that has parked, in the order of their ids.
    var openQuestions: [Question] { state.withLock { $0.open } }

    /// Those that somebody waits for now.
    var waitingQuestions: [Question] {
        state.withLock { $0.waiting.sorted { $0.key < $1.key }.map(\.value.question) }
    }

    @usableFromInline
    func takeHands(_ count: Int) { state.withLock { $0.hands += count } }

    func letGo(_ count: Int) {
        let sentHome = state.withLock { state in
            state.hands -= count
            return Inbox.park(&state)
        }
        for waiting in sentHome { waiting.continuation?.resume(returning: .failure(Parked())) }
    }

    /// The answer, as soon as there is one. `tell` is called when the question can be answered, and may wait: meanwhile
    /// the run does not park. Throws `Parked` or `CancellationError`.
    func answer(
        to question: Question, check: @escaping AnswerCheck, tell: () async -> Void
    ) async throws -> [UInt8] {
        let isGiven = state.withLock { state in
            if state.given[question.id] == nil {
                state.waiting[question.id] = Waiting(question: question, check: check)
            }
            return state.given[question.id] != nil
        }
        if !isGiven { await tell() }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: Continuation) in
                let given = state.withLock { state in
                    state.waiting[question.id]?.continuation = continuation
                    return state.given[question.id]
                }
                if let given { return continuation.resume(returning: .success(given)) }
                letGo(1)
                // A cancellation before this found nobody to wake.
                if Task.isCancelled { cancel(question.id) }
            }
        } onCancel: {
            cancel(question.id)
        }
        return try result.get()
    }

    /// The check of an open question's answers; `nil` when it is not open.
    func check(_ id: String) -> AnswerCheck? { state.withLock { $0.waiting[id]?.check } }

    /// Keeps a question open for one answer that is on its way, so that the run does not park meanwhile. `false` when
    /// it is not open, or another answer is on its way.
    func reserve(_ id: String) -> Bool {
        state.withLock { state in
            guard state.waiting[id] != nil, state.reserved.insert(id).inserted else { return false }
            state.hands += 1
            return true
        }
    }

    /// The answer did not come.
    func release(_ id: String) {
        let wasReserved = state.withLock { $0.reserved.remove(id) != nil }
        if wasReserved { letGo(1) }
    }

    /// Hands an answer for which the question was reserved to the node that waits for it.
    func deliver(_ answer: [UInt8], to id: String) {
        let (waiting, isUnused) = state.withLock { state in
            // The node takes over the hand of the reservation; one that was cancelled, or that does not wait yet, has
            // one of its own.
            state.given[id] = answer
            let waiting = state.waiting.removeValue(forKey: id)?.continuation
            return (waiting, state.reserved.remove(id) != nil && waiting == nil)
        }
        waiting?.resume(returning: .success(answer))
        if isUnused { letGo(1) }
    }

    private func cancel(_ id: String) {
        let waiting = state.withLock { state in
            guard let continuation = state.waiting[id]?.continuation else { return Continuation?.none }
            state.waiting[id] = nil
            state.hands += 1
            return continuation
        }
        waiting?.resume(returning: .failure(CancellationError()))
    }

    private static func park(_ state: inout State) -> [Waiting] {
        guard state.hands == 0, !state.waiting.isEmpty else { return [] }
        let waiting = state.waiting.sorted { $0.key < $1.key }.map(\.value)
        state.waiting = [:]
        // More than once where a run may have few nodes at work at a time.
        state.open = (state.open + waiting.map(\.question)).sorted { $0.id < $1.id }
        state.hands = waiting.count
        return waiting
    }
}
