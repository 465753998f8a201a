public import Base

extension Bulkhead {
    public struct Bounds: Hashable, Sendable {
        /// So many calls at once.
        public var limit: Int
        /// So many may wait.
        public var queue: Int
        /// Nobody waits longer.
        public var wait: Duration

        public init(limit: Int, queue: Int, wait: Duration) {
            self.limit = limit
            self.queue = queue
            self.wait = wait
        }

        var sane: Bounds {
            Bounds(
                limit: min(max(limit, 1), LimitsPolicy.mostCalls), queue: min(max(queue, 0), LimitsPolicy.mostCalls),
                wait: min(max(wait, LimitsPolicy.shortest), LimitsPolicy.longest))
        }
    }

    /// One admitted call; it comes back to ``leave(_:now:)``, once.
    public struct Ticket: Hashable, Sendable {
        public let admitted: Instant
    }

    /// Where somebody waits. Places are used again; one of an earlier generation is worth nothing.
    public struct Place: Hashable, Sendable {
        let slot: Int32
        let generation: UInt32
    }

    public enum Arrival: Sendable {
        case admitted(Ticket)
        /// Waits, and maybe somebody of lower priority has to go for that.
        case queued(Place, displaced: Shed?)
        case refused(LimitRefusal)
    }

    /// Somebody who waits no more and was not admitted.
    public struct Shed: Hashable, Sendable {
        public let place: Place
        public let refusal: LimitRefusal
    }

    /// What becomes of somebody who has waited.
    public enum Decision: Sendable {
        case admitted(Place, Ticket)
        case shed(Shed)
    }
}

/// Why a call may not be made now for want of room. No provider has been asked.
public struct LimitRefusal: Error, Hashable, Sendable {
    public enum Reason: String, CaseIterable, Sendable {
        /// The queue is full.
        case full
        /// There is room in the queue, but no hope of being served in time.
        case late
        /// Had a place in the queue, which an interactive call got.
        case displaced
        /// Waited for as long as it may, or until it was clear that it would.
        case expired
        /// Its deadline was over when it came.
        case overdue
    }

    public let reason: Reason
    /// An estimate of when those who wait now will have been served; `nil` where waiting helps nobody.
    public let wait: Duration?

    public init(reason: Reason, wait: Duration?) {
        self.reason = reason
        self.wait = wait
    }
}

extension LimitRefusal {
    /// As the error of an attempt; `target` is a name from the configuration.
    public func error(of target: String) -> CodedError {
        switch reason {
        case .overdue: CodedError(.deadlineExceeded, "The time for this request is over.", detail: "limit overdue")
        case .full, .late, .displaced, .expired:
            CodedError(
                .overloaded, "There are more calls to '\(target)' than can be served now; try again later.",
                retryAfter: wait, detail: "limit \(reason.rawValue)")
        }
    }
}
