public import Base
public import JSON
internal import Synchronization

/// A run that is loaded, for those who answer its questions while its other branches go on. To be handed to `start` or
/// `resume` of a ``DurableRunner``; one run at a time.
public final class LiveRun: Sendable {
    private let running = Mutex<DurableRun?>(nil)

    /// Knows no run before it is handed to one. O(1).
    public init() {}

    func begin(_ run: DurableRun) { running.withLock { $0 = run } }
    func end() { running.withLock { $0 = nil } }

    /// The questions that are open now, by their ids; empty when no run is loaded. Any thread; O(open × log open),
    /// under a lock.
    public var open: [Question] { running.withLock { $0 }?.inbox.openQuestions ?? [] }

    /// Answers an open question: returns once the answer is kept. Its branch then goes on: at once, or, where it had to
    /// give up its place to what a bound holds back, when all of that is done. Throws `invalid_type` for one of the
    /// wrong type, `invalid_value` for one that JSON cannot hold and when no such question is open, or not here any
    /// more: then the run has parked and is resumed with the answer. What the checkpointer throws (`run_stale`) ends
    /// the run too, and the question stays open. Any thread; costs one entry.
    public func answer(_ id: String, with answer: JSON) async throws(CodedError) {
        guard let run = running.withLock({ $0 }), let check = run.inbox.check(id) else { throw .questionNotOpen() }
        let bytes = try LiveRun.bytes(of: answer, check)
        guard run.inbox.reserve(id) else { throw .questionNotOpen() }
        do throws(CodedError) {
            try await run.journal.commit(StepRecord(place: "", node: id, activation: 0, event: .answered(bytes)))
        } catch {
            run.inbox.release(id)
            throw error
        }
        run.inbox.deliver(bytes, to: id)
    }

    /// An answer as it is kept, once it has passed the check.
    static func bytes(of answer: JSON, _ check: AnswerCheck) throws(CodedError) -> [UInt8] {
        let bytes: [UInt8]
        let node: JSONNode
        // What JSON cannot hold must not turn into something else.
        do throws(JSONCodingError) { bytes = try JSONCoding.encode(answer) } catch {
            throw CodedError(
                .invalidValue, "The answer cannot be written as JSON.", param: "answers", detail: error.message)
        }
        do throws(JSONError) { node = try JSONDocument(bytes).root } catch { throw error.coded }
        try check(node)
        return bytes
    }
}

extension InnerGraph {
    /// The check of the question with this id, whether it is open or not.
    func answerCheck(_ id: String) -> AnswerCheck? {
        var graph: any InnerGraph = self
        // By bytes: a mark may be followed by what would join it into one character.
        let steps = id.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (depth, step) in steps.enumerated() {
            guard let mark = step.lastIndex(of: UInt8(ascii: "#")) else { return nil }
            let content = graph.content(ofNode: StepRecord.unescaped(String(decoding: step[..<mark], as: UTF8.self)))
            switch content {
            case .question(let check): return depth == steps.count - 1 ? check : nil
            case .graph(let inner, _): graph = inner
            case .work, .items, nil: return nil
            }
        }
        return nil
    }
}
