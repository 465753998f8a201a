/// How long each part of one attempt may take. A plain value: ``faults`` says what is wrong with it, and a clock that is
/// given a wrong one works with the nearest sane figures.
public struct Timeouts: Hashable, Sendable {
    /// Name look-up, TCP and TLS together.
    public var connect: Duration
    /// From the attempt's start to the first byte of the answer's head.
    public var firstByte: Duration
    /// From the attempt's start to the first token. Does not hold for the last target of a chain: after it comes
    /// nothing that would be faster.
    public var firstToken: Duration
    /// From one token to the next, while somebody reads.
    public var betweenTokens: Duration
    /// The whole attempt.
    public var total: Duration
    /// What an attempt needs at least: none is begun with less left before the run's deadline. Under half of ``total``,
    /// which is a run's time too: a first attempt has always used some of it, and a second one is to have a chance.
    public var minimum: Duration

    public init(
        connect: Duration = .seconds(5), firstByte: Duration = .seconds(30), firstToken: Duration = .seconds(30),
        betweenTokens: Duration = .seconds(30), total: Duration = .seconds(300),
        minimum: Duration = .milliseconds(200)
    ) {
        self.connect = connect
        self.firstByte = firstByte
        self.firstToken = firstToken
        self.betweenTokens = betweenTokens
        self.total = total
        self.minimum = minimum
    }
}

extension Timeouts {
    private var parts: [(key: String, time: Duration)] {
        [
            ("connect", connect), ("first_byte", firstByte), ("first_token", firstToken),
            ("between_tokens", betweenTokens),
        ]
    }

    /// Everything that is wrong, in the order of the settings; empty for limits that can be used.
    public var faults: [PolicyFault] {
        var review = PolicyReview()
        for (key, time) in parts { review.check(time, key) }
        review.check(total, "total")
        for (key, time) in parts {
            review.check(total >= time, "total", "It is \(total), less than the \(key) of \(time), which never comes.")
        }
        review.check(minimum >= .zero, "minimum", "It is \(minimum): let it be 0ms or more.")
        review.check(
            minimum < total / 2, "minimum",
            "It is \(minimum), not under half of the total of \(total), so that calls would hardly ever begin: lower it."
        )
        return review.faults
    }

    var sane: Timeouts {
        let total = PolicyReview.sane(total)
        return Timeouts(
            connect: PolicyReview.sane(connect), firstByte: PolicyReview.sane(firstByte),
            firstToken: PolicyReview.sane(firstToken), betweenTokens: PolicyReview.sane(betweenTokens), total: total,
            minimum: min(max(.zero, minimum), total / 4))
    }
}
