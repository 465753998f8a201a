public import Base
public import JSON
internal import Synchronization

/// A run that is loaded, for those who answer its questions while its other branches go on. To be handed to
/// ``DurableRunner/start(_:context:live:events:)`` or `resume`; one run at a time.
public final class LiveRun: Sendable {
    private let running = Mutex<DurableRun?>(nil)

    public init() {}

    func begin(_ run: DurableRun) { running.withLock { $0 = run } }
    func end() { running.withLock { $0 = nil } }

    /// The questions that are open now, by their ids; empty when no run is loaded.
    public var open: [Question] { running.withLock { $0 }?.inbox.waitingQuestions ?? [] }

    /// Answers an open question: returns once the answer is kept, and its branch goes on. Throws `invalid_type` for
    /// one of the wrong type, `invalid_value` when no such question is open, or not here any more: then the run has
    /// parked and is resumed with the answer.
    public func answer(_ id: String, with answer: JSON) async throws(CodedError) {
        guard let run = running.withLock({ $0 }), let check = run.inbox.check(id) else { throw .questionNotOpen() }
        let bytes = answer.bytes
        try LiveRun.check(bytes, check)
        guard run.inbox.reserve(id) else { throw .questionNotOpen() }
        do throws(CodedError) {
            try await run.journal.commit(StepRecord(place: "", node: id, activation: 0, event: .answered(bytes)))
        } catch {
            run.inbox.release(id)
            throw error
        }
        run.inbox.deliver(bytes, to: id)
    }

    static func check(_ answer: [UInt8], _ check: AnswerCheck) throws(CodedError) {
        let node: JSONNode
        do throws(JSONError) { node = try JSONDocument(answer).root } catch { throw error.coded }
        try check(node)
    }
}

extension InnerGraph {
    /// The check of the question with this id, whether it is open or not.
    func answerCheck(_ id: String) -> AnswerCheck? {
        var graph: any InnerGraph = self
        let steps = id.split(separator: "/", omittingEmptySubsequences: false)
        for (depth, step) in steps.enumerated() {
            guard let mark = step.lastIndex(of: "#") else { return nil }
            let content = graph.content(ofNode: StepRecord.unescaped(step[..<mark]))
            switch content {
            case .question(let check): return depth == steps.count - 1 ? check : nil
            case .graph(let inner, _): graph = inner
            case .work, .items, nil: return nil
            }
        }
        return nil
    }
}
