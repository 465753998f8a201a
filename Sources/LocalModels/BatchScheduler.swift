/// Which tokens of which conversations go into the next forward pass. Pure: it computes nothing itself.
///
/// A conversation waits in a bounded queue, gets a slot, reads its prompt in chunks, and then writes one token a pass.
/// Every pass carries all writers and, beside them, a bounded share of the readers' prompts, split evenly, so that
/// neither a long prompt nor a late one stops the others.
struct BatchScheduler {
    struct Limits: Sendable {
        /// Conversations at once.
        var slots = 4
        /// Tokens of one conversation, prompt and answer.
        var window = 4096
        /// Entries of one pass.
        var batch = 128
        /// Prompt tokens of one pass that carries writers too.
        var chunk = 32
        /// Conversations that wait for a slot.
        var queue = 64
    }

    struct Entry: Equatable {
        var token: Int32
        var position: Int
        var slot: Int
        /// Whether a token is to be sampled after this one.
        var output: Bool
    }

    /// A place in a batch after which a conversation's next token is sampled.
    struct Output: Equatable {
        var ticket: Int
        var index: Int
    }

    struct Batch: Equatable {
        var entries: [Entry] = []
        var outputs: [Output] = []
    }

    enum Admission: Equatable {
        case accepted
        /// The queue is full.
        case full
        /// The prompt leaves no room for an answer.
        case tooLong
    }

    private enum Phase {
        /// How many of the prompt's tokens are in. → `sampling`
        case reading(Int)
        /// The pass is under way; the next token will stand at this position. → `writing`
        case sampling(Int)
        /// The token to put in next, and its position. → `sampling`
        case writing(Int32, Int)
    }

    private struct Conversation {
        var ticket: Int
        var prompt: [Int32]
        var phase = Phase.reading(0)
        var paused = false
    }

    let limits: Limits
    private var slots: [Conversation?]
    private var queue: [Conversation] = []

    init(limits: Limits) {
        self.limits = limits
        slots = Array(repeating: nil, count: max(1, limits.slots))
    }

    var isEmpty: Bool { queue.isEmpty && slots.allSatisfy { $0 == nil } }
    var waiting: Int { queue.count }
    var active: Int { slots.count { $0 != nil } }
    var tickets: [Int] { slots.compactMap { $0?.ticket } + queue.map(\.ticket) }

    mutating func submit(ticket: Int, prompt: [Int32]) -> Admission {
        guard !prompt.isEmpty, prompt.count < limits.window else { return .tooLong }
        let free = slots.count - active
        guard queue.count < limits.queue + free else { return .full }
        queue.append(Conversation(ticket: ticket, prompt: prompt))
        return .accepted
    }

    /// The next pass; no entries when there is nothing to compute. Counts as computed as soon as it is handed out.
    mutating func nextBatch() -> Batch {
        admit()
        var batch = Batch()
        for slot in slots.indices {
            guard let conversation = slots[slot], !conversation.paused,
                case .writing(let token, let position) = conversation.phase, batch.entries.count < limits.batch
            else { continue }
            batch.outputs.append(Output(ticket: conversation.ticket, index: batch.entries.count))
            batch.entries.append(Entry(token: token, position: position, slot: slot, output: true))
            slots[slot]?.phase = .sampling(position + 1)
        }
        let room = limits.batch - batch.entries.count
        readPrompts(into: &batch, budget: batch.entries.isEmpty ? room : min(room, limits.chunk))
        return batch
    }

    /// Takes the token sampled for a conversation. Answers whether there is room to go on: if not, the answer ends.
    mutating func accept(_ token: Int32, for ticket: Int) -> Bool {
        guard let slot = slot(of: ticket), case .sampling(let position) = slots[slot]?.phase else { return false }
        guard position < limits.window else { return false }
        slots[slot]?.phase = .writing(token, position)
        return true
    }

    /// Keeps a conversation out of the passes while its reader is behind, without giving up its slot.
    mutating func setPaused(_ paused: Bool, ticket: Int) {
        if let slot = slot(of: ticket) { slots[slot]?.paused = paused }
    }

    /// Ends a conversation, wherever it is. Answers the slot that it had, whose memory must be forgotten before the
    /// next pass.
    mutating func remove(ticket: Int) -> Int? {
        if let slot = slot(of: ticket) {
            slots[slot] = nil
            return slot
        }
        queue.removeAll { $0.ticket == ticket }
        return nil
    }

    private func slot(of ticket: Int) -> Int? { slots.firstIndex { $0?.ticket == ticket } }

    private mutating func admit() {
        for slot in slots.indices where slots[slot] == nil && !queue.isEmpty {
            slots[slot] = queue.removeFirst()
        }
    }

    private mutating func readPrompts(into batch: inout Batch, budget: Int) {
        var budget = budget
        // The shortest rests first: what they leave of an even share goes to the longer ones.
        let readers = slots.indices.compactMap { slot -> (slot: Int, rest: Int)? in
            guard let conversation = slots[slot], case .reading(let done) = conversation.phase else { return nil }
            return (slot, conversation.prompt.count - done)
        }.sorted { ($0.rest, $0.slot) < ($1.rest, $1.slot) }
        for (index, reader) in readers.enumerated() {
            let others = readers.count - index
            let count = min(reader.rest, max(budget / others, min(budget, 1)))
            guard count > 0, let conversation = slots[reader.slot], case .reading(let done) = conversation.phase
            else { continue }
            budget -= count
            let prompt = conversation.prompt
            for position in done..<done + count {
                let last = position == prompt.count - 1
                if last { batch.outputs.append(Output(ticket: conversation.ticket, index: batch.entries.count)) }
                batch.entries.append(
                    Entry(token: prompt[position], position: position, slot: reader.slot, output: last))
            }
            slots[reader.slot]?.phase = done + count == prompt.count ? .sampling(prompt.count) : .reading(done + count)
        }
    }
}
