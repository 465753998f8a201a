internal import Base
internal import Synchronization

/// Lets the turns of one conversation run one after the other, in the order in which they came: each is answered in the
/// light of those before it. Conversations do not wait for each other.
final class ConversationLine: Sendable {
    private struct Key: Hashable {
        let tenant: String
        let user: String
        let conversation: String
    }

    private enum Fate: Sendable {
        case turn, cancelled
    }

    /// Turns that may wait in one conversation: nobody means more than a few.
    static let bound = 16

    /// Those who wait, by conversation that has a running turn.
    private let waiting = Mutex<[Key: [Waiter<Fate>]]>([:])

    /// Conversations in which a turn is running.
    var count: Int { waiting.withLock(\.count) }
    /// Turns that wait in all of them.
    var waitingCount: Int { waiting.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// Waits for the turns before this one. The place is given up when it goes.
    /// - Throws: `overloaded` when too many wait already, `cancelled`.
    func enter(_ conversation: String, scope: Scope) async throws(CodedError) -> ConversationPlace {
        let key = Key(tenant: scope.tenant, user: scope.user, conversation: conversation)
        let waiter = try arrive(key)
        if let waiter {
            let fate = await withTaskCancellationHandler {
                await waiter.sleep()
            } onCancel: {
                cancel(waiter, key)
            }
            if case .cancelled = fate { throw CodedError(.cancelled, "The request was cancelled.") }
        }
        return ConversationPlace { self.leave(key) }
    }

    /// `nil` for the first one.
    private func arrive(_ key: Key) throws(CodedError) -> Waiter<Fate>? {
        let (waiter, isFull) = waiting.withLock { waiting -> (Waiter<Fate>?, Bool) in
            guard let line = waiting[key] else {
                waiting[key] = []
                return (nil, false)
            }
            guard line.count < Self.bound else { return (nil, true) }
            let waiter = Waiter<Fate>()
            waiting[key]?.append(waiter)
            return (waiter, false)
        }
        if isFull {
            throw CodedError(
                .overloaded,
                "\(Self.bound) turns of this conversation are waiting already. Wait for one of them to end.",
                param: "conversationId")
        }
        return waiter
    }

    /// One whose turn has come meanwhile keeps it, and gives it up as soon as it notices that it is cancelled.
    private func cancel(_ waiter: Waiter<Fate>, _ key: Key) {
        let wasWaiting = waiting.withLock { waiting in
            guard let index = waiting[key]?.firstIndex(where: { $0 === waiter }) else { return false }
            waiting[key]?.remove(at: index)
            return true
        }
        if wasWaiting { waiter.decide(.cancelled) }
    }

    private func leave(_ key: Key) {
        let next = waiting.withLock { waiting -> Waiter<Fate>? in
            guard let line = waiting[key], !line.isEmpty else {
                waiting[key] = nil
                return nil
            }
            return waiting[key]?.removeFirst()
        }
        next?.decide(.turn)
    }
}

/// A turn's place in its conversation.
struct ConversationPlace: ~Copyable, Sendable {
    private let leave: @Sendable () -> Void

    fileprivate init(leave: @escaping @Sendable () -> Void) { self.leave = leave }

    /// Gives the place up now.
    consuming func end() {}

    deinit { leave() }
}
