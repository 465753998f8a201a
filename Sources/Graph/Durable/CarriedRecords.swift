internal import JSON

/// Steps, answers and questions that are not over with a step of the outermost graph yet: a snapshot has to say them
/// again. Noting one costs O(steps around it + open questions), whatever else is carried.
struct CarriedRecords: Sendable {
    private var records: [Int: StepRecord] = [:]
    /// By step, the records that were made inside it, those already dropped with a nearer step among them.
    private var inside: [Substring: [Int]] = [:]
    private var next = 0
    /// What the run asked when it parked, as far as nobody has answered it and the node that asks is not over.
    private(set) var open: [Question] = []

    /// In their order: of lists and graphs inside nodes that are still at work, and of questions whose node has not
    /// used the answer yet. O(n log n).
    var all: [StepRecord] {
        let steps = records.sorted { $0.key < $1.key }.map(\.value)
        // What has been JSON before can be written again.
        guard !open.isEmpty, let questions = try? JSONCoding.encode(open) else { return steps }
        return steps + [StepRecord(place: "", node: "", activation: 0, event: .parked(questions))]
    }

    /// The run has parked. Whoever reads that may know of answers that came later.
    mutating func park(_ questions: [Question]) { open = questions }

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
        case .answered:
            open.removeAll { $0.id == record.node }
            add(record)
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
        open.removeAll { $0.isAsked(in: step) }
        if inside.isEmpty { return }
        for number in inside.removeValue(forKey: step[...]) ?? [] { records[number] = nil }
    }
}

extension Question {
    /// Whether the node that asks is this step, or runs inside it.
    func isAsked(in step: String) -> Bool {
        let (id, step) = (id.utf8, step.utf8)
        guard id.starts(with: step) else { return false }
        guard let mark = id.dropFirst(step.count).first else { return true }
        return mark == UInt8(ascii: "/") || mark == UInt8(ascii: "[")
    }
}
