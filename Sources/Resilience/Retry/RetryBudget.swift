public import Base

/// Bounds the retries that a provider gets: a part of the requests that it is offered, and never fewer than a floor, so
/// that a lone request can retry. A provider that fails everything is then asked little more often than one that works.
///
/// Requests earn retries as they come. A second that has earned less than the floor earns the floor. What is not spent
/// is kept up to the earnings of about a second, beside those of the one that counts now, or of ten at the floor. So in
/// any stretch of whole seconds there are at most so many retries: for each second the larger one of its part and the
/// floor, and once what was kept.
///
/// Pure, O(1), four numbers of memory, without allocation.
public struct RetryBudget: Sendable {
    /// One retry, in the parts that are counted. Whole numbers, so that 0.2 five times is one.
    private static let one = 1_000_000
    private static let nanosecondsASecond: UInt64 = 1_000_000_000
    /// So many seconds of the floor are kept for failures that come together.
    private static let keptSeconds = 10
    private static let mostASecond = 1_000_000

    private let part: Int
    private let floor: Int
    private var balance: Int
    /// The second that counts now, since the clock's start.
    private var second: UInt64 = 0
    /// What its requests have earned, and those of the second before.
    private var earned = 0
    private var earnedBefore = 0

    /// - Parameters:
    ///   - part: Retries for each request; from 0 to 1.
    ///   - floor: Retries a second whatever the load is.
    public init(part: Double = 0.2, floor: Int = 3) {
        self.part = part > 0 ? Int((min(part, 1) * Double(Self.one)).rounded()) : 0
        self.floor = min(max(0, floor), Self.mostASecond) * Self.one
        balance = self.floor * Self.keptSeconds
    }

    /// A request is offered to the provider: its first attempt there. Retries are not offered.
    public mutating func offer(now: Instant) {
        moveOn(now)
        earned = min(earned + part, Self.mostASecond * Self.one)
        balance = min(balance + part, most)
    }

    /// Takes one retry; `false` when there is none.
    public mutating func spend(now: Instant) -> Bool {
        moveOn(now)
        guard balance >= Self.one else { return false }
        balance -= Self.one
        return true
    }

    /// Of the second that has passed as well: requests that come at once earn their part also where a second ends among
    /// them. When the next one begins, the earnings of this one are what is left.
    private var most: Int { max(floor * Self.keptSeconds, earned + earnedBefore) }

    /// Times that go back count as the latest.
    private mutating func moveOn(_ now: Instant) {
        let next = now.nanoseconds / Self.nanosecondsASecond
        guard next > second else { return }
        // More idle seconds than are kept make no difference.
        let idle = Int(min(next - second - 1, UInt64(Self.keptSeconds)))
        let missing = max(0, floor - earned) + idle * floor
        earnedBefore = idle == 0 ? earned : 0
        earned = 0
        second = next
        balance = min(balance + missing, most)
    }
}
