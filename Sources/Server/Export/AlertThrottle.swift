internal import Base

/// Lets at most one alert of a kind and target through in an interval. Pure; bounded: of more than `limit` targets at a
/// time those that come later are not told of, because nobody reads a thousand alerts a minute.
struct AlertThrottle: Sendable {
    private struct Subject: Hashable, Sendable {
        let kind: Alert.Kind
        let provider: String?
        let model: String?
        let key: Int?
    }

    static let interval = Duration.seconds(60)

    private let limit: Int
    /// When each was last told of.
    private var told: [Subject: Instant] = [:]

    init(limit: Int = 256) { self.limit = max(1, limit) }

    /// Whether the alert is to be told now. O(1), but for a full table.
    mutating func admits(_ alert: Alert, now: Instant) -> Bool {
        let subject = Subject(kind: alert.kind, provider: alert.provider, model: alert.model, key: alert.key)
        if let last = told[subject] {
            guard now.since(last) >= Self.interval else { return false }
        } else if told.count >= limit {
            told = told.filter { now.since($0.value) < Self.interval }
            guard told.count < limit else { return false }
        }
        told[subject] = now
        return true
    }
}
