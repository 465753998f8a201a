/// Steps and answers that are not over with a step of the outermost graph yet: a snapshot has to say them again.
/// Noting one costs O(steps around it), whatever else is carried.
struct CarriedRecords: Sendable {
    private var records: [Int: StepRecord] = [:]
    /// By step, the records that were made inside it, those already dropped with a nearer step among them.
    private var inside: [Substring: [Int]] = [:]
    private var next = 0

    /// In their order: of lists and graphs inside nodes that are still at work, and of questions whose node has not
    /// used the answer yet. O(n log n).
    var all: [StepRecord] { records.sorted { $0.key < $1.key }.map(\.value) }

    mutating func note(_ record: StepRecord) { note(record, step: record.step) }

    /// For whoever has the record's step already.
    mutating func note(_ record: StepRecord, step: String) {
        switch record.event {
        case .succeeded, .failed:
            drop(step)
            if !record.place.isEmpty { add(record) }
        case .item:
            drop(step)
            add(record)
        case .answered: add(record)
        case .parked, .finished: break
        }
    }

    private mutating func add(_ record: StepRecord) {
        records[next] = record
        for step in record.enclosingSteps { inside[step, default: []].append(next) }
        next += 1
    }

    /// What happened inside the step, and what it was answered, is over with it.
    private mutating func drop(_ step: String) {
        if inside.isEmpty { return }
        for number in inside.removeValue(forKey: step[...]) ?? [] { records[number] = nil }
    }
}
