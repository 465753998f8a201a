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

    /// What has become of a run that has nothing left to do.
    private enum End {
        case open([Question])
        case goesOn
        /// Answers are on their way.
        case unsettled
    }

    private struct State {
        var hands = 1
        var waiting: [String: Waiting] = [:]
        /// Those whose node was sent home, because nothing else could go on before it gave up its place.
        var sentHome: [String: Waiting] = [:]
        /// Answers that were given before their question was asked again.
        var given: [String: [UInt8]] = [:]
        /// Questions for which an answer is on its way, and whether a hand is held until it is there.
        var reserved: [String: Bool] = [:]
        /// Whether somebody who was sent home has got an answer since.
        var hasLateAnswers = false
        /// Whether the run has parked: from now on it is resumed with answers.
        var isClosed = false
        /// Who waits for the answers that are on their way.
        var settled: CheckedContinuation<Void, Never>?

        /// A question that can be answered.
        func asked(_ id: String) -> Waiting? { isClosed ? nil : waiting[id] ?? sentHome[id] }

        /// The answer is there, or it does not come. Says whether a hand was held for it, and whom to tell that nothing
        /// is on its way any more.
        mutating func settle(_ id: String) -> (hand: Bool, settled: CheckedContinuation<Void, Never>?) {
            let hand = reserved.removeValue(forKey: id) ?? false
            return (hand, reserved.isEmpty ? settled.take() : nil)
        }
    }

    private let state: Mutex<State>

    init(given: [String: [UInt8]]) { state = Mutex(State(given: given)) }

    /// Those that can be answered now, in the order of their ids.
    var openQuestions: [Question] {
        state.withLock { state in
            if state.isClosed { return [] }
            let asked = state.waiting.merging(state.sentHome) { now, _ in now }
            return asked.sorted { $0.key < $1.key }.map(\.value.question)
        }
    }

    /// For a run that has nothing left to do: the questions that are open, none of which can be answered here any more.
    /// `nil` when one that was sent home has got its answer meanwhile: then the run goes on.
    func close() async -> [Question]? {
        while true {
            switch state.withLock({ Inbox.end(&$0) }) {
            case .open(let questions): return questions
            case .goesOn: return nil
            case .unsettled:
                await withCheckedContinuation { continuation in
                    let isSettled = state.withLock { state in
                        if !state.reserved.isEmpty { state.settled = continuation }
                        return state.reserved.isEmpty
                    }
                    if isSettled { continuation.resume() }
                }
            }
        }
    }

    private static func end(_ state: inout State) -> End {
        if !state.reserved.isEmpty { return .unsettled }
        if state.hasLateAnswers {
            state.hasLateAnswers = false
            return .goesOn
        }
        state.isClosed = true
        return .open(state.sentHome.sorted { $0.key < $1.key }.map(\.value.question))
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
                // Asked again by a run that goes on, while the answer to the first time is on its way.
                if state.sentHome.removeValue(forKey: question.id) != nil, state.reserved[question.id] == false {
                    state.reserved[question.id] = true
                    state.hands += 1
                }
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
    func check(_ id: String) -> AnswerCheck? { state.withLock { $0.asked(id)?.check } }

    /// Keeps a question open for one answer that is on its way, so that the run does not park meanwhile. `false` when
    /// it is not open, or another answer is on its way.
    func reserve(_ id: String) -> Bool {
        state.withLock { state in
            guard state.asked(id) != nil, state.reserved[id] == nil else { return false }
            // One that was sent home has given its hand back for good.
            let isWaiting = state.waiting[id] != nil
            state.reserved[id] = isWaiting
            if isWaiting { state.hands += 1 }
            return true
        }
    }

    /// The answer did not come.
    func release(_ id: String) {
        let (hand, settled) = state.withLock { $0.settle(id) }
        if hand { letGo(1) }
        settled?.resume()
    }

    /// Hands an answer for which the question was reserved to the node that waits for it; one that was sent home finds
    /// it when it asks again.
    func deliver(_ answer: [UInt8], to id: String) {
        let (waiting, isUnused, settled) = state.withLock { state in
            // The node takes over the hand of the reservation; one that was cancelled, or that does not wait yet, has
            // one of its own.
            state.given[id] = answer
            let waiting = state.waiting.removeValue(forKey: id)?.continuation
            if state.sentHome.removeValue(forKey: id) != nil { state.hasLateAnswers = true }
            let (hand, settled) = state.settle(id)
            return (waiting, hand && waiting == nil, settled)
        }
        waiting?.resume(returning: .success(answer))
        if isUnused { letGo(1) }
        settled?.resume()
    }

    /// A step is over, and with it whatever was asked inside it: a graph fails while a node of it waits at home.
    func withdraw(inside step: () -> String) {
        state.withLock { state in
            if state.sentHome.isEmpty { return }
            let step = step()
            state.sentHome = state.sentHome.filter { !$0.value.question.isAsked(in: step) }
        }
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
        // More than once where a run may have few nodes at work at a time.
        let waiting = state.waiting.sorted { $0.key < $1.key }.map(\.value)
        for one in waiting {
            state.sentHome[one.question.id] = Waiting(question: one.question, check: one.check)
        }
        state.waiting = [:]
        state.hands = waiting.count
        return waiting
    }
}
