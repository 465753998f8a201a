internal import Dispatch
internal import Synchronization

/// What did not happen in time.
public struct NothingCame: Error, Sendable, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

/// Events in the order in which they came, and a way to wait for them: the tests' only synchronisation with what runs
/// on loops and threads.
public final class EventLog<Event: Sendable>: Sendable {
    private struct State {
        var events: [Event] = []
        var waiting: [DispatchSemaphore] = []
    }

    private let state = Mutex(State())

    public init() {}

    public var events: [Event] { state.withLock(\.events) }

    public func append(_ event: Event) {
        let waiting = state.withLock { state in
            state.events.append(event)
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.signal() }
    }

    /// The first event, past or to come, that `matches`.
    /// - Throws: ``NothingCame`` after ten seconds.
    @discardableResult
    public func first(where matches: @escaping @Sendable (Event) -> Bool) async throws -> Event {
        try await wait { $0.first(where: matches) }
    }

    /// All events, once there are at least `count`.
    /// - Throws: ``NothingCame`` after ten seconds.
    @discardableResult
    public func atLeast(_ count: Int) async throws -> [Event] {
        try await wait { $0.count >= count ? $0 : nil }
    }

    private func wait<Found: Sendable>(_ find: @escaping @Sendable ([Event]) -> Found?) async throws -> Found {
        try await offLoop { [self] in
            let limit = DispatchTime.now() + .seconds(10)
            while true {
                let signal = DispatchSemaphore(value: 0)
                let found = state.withLock { state in
                    let found = find(state.events)
                    if found == nil { state.waiting.append(signal) }
                    return found
                }
                if let found { return found }
                guard signal.wait(timeout: limit) == .success else {
                    throw NothingCame(description: "the expected event did not come; there are \(events)")
                }
            }
        }
    }
}
