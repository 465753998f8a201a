/// Steps and answers that are not over with a step of the outermost graph yet: a snapshot has to say them again.
struct CarriedRecords: Sendable {
    /// Of lists and graphs inside nodes that are still at work.
    private(set) var inner: [StepRecord] = []
    /// Of questions whose node has not used them yet.
    private(set) var answers: [StepRecord] = []

    mutating func note(_ record: StepRecord) {
        switch record.event {
        case .succeeded, .failed:
            // What happened inside the node, and what it was answered, is over with it.
            inner.removeAll { record.encloses($0) }
            answers.removeAll { record.encloses($0) }
            if !record.place.isEmpty { inner.append(record) }
        case .item: inner.append(record)
        case .answered: answers.append(record)
        case .parked, .finished: break
        }
    }
}
