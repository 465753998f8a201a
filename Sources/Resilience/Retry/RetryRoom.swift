internal import Synchronization

/// Where those are who wait before they ask a provider again. It is bounded: each holds its request for as long, and
/// whoever comes when it is full has somebody else to ask, or hears at once how long to wait. From any thread; without
/// a lock.
public final class RetryRoom: Sendable {
    /// What one provider has.
    public static let usual = 1024

    private let limit: Int
    private let taken = Atomic(0)

    public init(limit: Int = RetryRoom.usual) { self.limit = limit }

    /// How many wait now.
    public var count: Int { taken.load(ordering: .relaxed) }

    /// A place for one who waits; `nil` when all are taken.
    public func enter() -> RetryPlace? {
        guard taken.add(1, ordering: .relaxed).newValue <= limit else {
            leave()
            return nil
        }
        return RetryPlace(self)
    }

    fileprivate func leave() { taken.subtract(1, ordering: .relaxed) }
}

/// A place among those who wait for a retry. It is given back when this goes.
public struct RetryPlace: ~Copyable, Sendable {
    private let room: RetryRoom

    fileprivate init(_ room: RetryRoom) { self.room = room }

    deinit { room.leave() }
}
