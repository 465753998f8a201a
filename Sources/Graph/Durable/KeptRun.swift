internal import Base
internal import JSON

/// A run as its entries tell it.
struct KeptRun {
    /// The state of the last snapshot.
    let state: JSONNode
    /// Where the outermost graph was at the snapshot; `nil` for one that had not begun.
    let memory: GraphMachine.Memory?
    let activations: [Int]
    private(set) var isFinished = false
    /// The outermost graph's steps since the snapshot.
    private(set) var outer: [StepRecord] = []
    /// Those of graphs inside it, by place.
    private(set) var inner: [String: [StepRecord]] = [:]
    private(set) var items: [String: [Int: [UInt8]]] = [:]
    private(set) var answers: [String: [UInt8]] = [:]
    /// Of the last entry.
    let lastSequence: UInt64
    let snapshotBytes: Int
    /// What was kept since the snapshot.
    let deltaBytes: Int
    /// What a later snapshot has to carry on.
    private(set) var carried = CarriedRecords()
    /// Those that are open.
    var questions: [Question] { carried.open }

    /// Throws `checkpoint_version` for a newer form, another graph or another schema, `checkpoint_unreadable` for bytes
    /// that do not hold what they should.
    init(_ entries: [CheckpointEntry], graph: UInt64, schema: Int) throws(CodedError) {
        guard let first = entries.first, first.kind == .snapshot else {
            throw .unreadableCheckpoint("no snapshot to begin from")
        }
        for entry in entries {
            guard entry.form <= StepRecord.form else {
                throw CodedError(
                    .checkpointVersion, "This run was kept by a newer version of Tutti.",
                    detail: "form \(entry.form), known is \(StepRecord.form)")
            }
            guard entry.graph == graph, entry.schema == schema else {
                throw CodedError(
                    .checkpointVersion,
                    "This run belongs to another version of its graph. Resume it with the graph that it was made with.",
                    detail: "schema \(entry.schema), here \(schema)")
            }
        }
        let root = try KeptRun.root(first)
        guard let state = root["state"] else { throw .unreadableCheckpoint("a snapshot without a state") }
        self.state = state
        lastSequence = entries.last?.sequence ?? first.sequence
        snapshotBytes = first.bytes.count
        deltaBytes = entries.dropFirst().reduce(0) { $0 + $1.bytes.count }
        if let machine = root["machine"] {
            do throws(JSONCodingError) {
                memory = try JSONCoding.decode(GraphMachine.Memory.self, from: machine)
            } catch {
                throw .unreadableCheckpoint("a place that is \(error.message)")
            }
        } else {
            memory = nil
        }
        activations = root.elements(of: "activations").map { $0.int.map { Int(clamping: $0) } ?? -1 }
        for record in root.elements(of: "unfinished") { try note(try StepRecord(record)) }
        for entry in entries.dropFirst() {
            guard entry.kind == .delta else { throw .unreadableCheckpoint("two snapshots") }
            try note(try StepRecord(try KeptRun.root(entry)))
        }
    }

    private static func root(_ entry: CheckpointEntry) throws(CodedError) -> JSONNode {
        do throws(JSONError) { return try JSONDocument(entry.bytes, maxDepth: StepRecord.maxDepth).root } catch {
            throw .unreadableCheckpoint("entry \(entry.sequence) is \(error.message)")
        }
    }

    private mutating func note(_ record: StepRecord) throws(CodedError) {
        carried.note(record)
        switch record.event {
        case .succeeded where record.place.isEmpty, .failed where record.place.isEmpty: outer.append(record)
        case .succeeded, .failed: inner[record.place, default: []].append(record)
        case .item(let index, let result):
            items[StepRecord.step(record.place, record.node, record.activation), default: [:]][index] = result
        case .answered(let answer): answers[record.node] = answer
        case .parked(let bytes):
            guard let open = try? JSONCoding.decode([Question].self, from: bytes) else {
                throw .unreadableCheckpoint("questions that cannot be read")
            }
            carried.park(open.filter { answers[$0.id] == nil })
        case .finished: isFinished = true
        }
    }
}
