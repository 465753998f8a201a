internal import Base

/// Gives the calls of one answer the ids that a client sees: the provider's own where it can be told from the others
/// and the client's dialect allows it, else one made of the answer's id and the call's position.
struct CallIDs: Sendable {
    /// What ids look like in the client's dialect.
    enum Form: String, Sendable {
        /// Any text of at most 256 bytes, which is what requests may give back; `call_…` where it is made.
        case openai = "call_"
        /// What `tool_use_id` may be, `toolu_…` where it is made.
        case anthropic = "toolu_"
    }

    private let form: Form
    private let answer: String
    private let choice: Int
    private var given: Set<String> = []

    /// `answer` is the answer's id, `choice` which of its choices the calls are of; the same give the same ids.
    init(answer: String, choice: Int = 0, form: Form) {
        self.answer = answer
        self.choice = choice
        self.form = form
    }

    mutating func id(for own: String, position: Int, repairs: inout Repairs) -> String {
        if isAllowed(own), given.insert(own).inserted { return own }
        repairs.note(.toolCallID)
        var attempt = 0
        while true {
            let numbers = choice == 0 ? [position, attempt] : [position, attempt, choice]
            let made = Self.made(form.rawValue, answer: answer, numbers)
            if given.insert(made).inserted { return made }
            attempt += 1
        }
    }

    private func isAllowed(_ id: String) -> Bool {
        switch form {
        case .openai: (1...256).contains(id.utf8.count)
        case .anthropic: Anthropic.isCallID(id)
        }
    }

    /// An id of something within an answer: the prefix and 24 letters and digits.
    static func made(_ prefix: String, answer: String, _ numbers: [Int]) -> String {
        var seed = Fingerprint()
        seed.add(answer)
        seed.add(numbers)
        var generator = SeededGenerator(seed: seed.value)
        let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
        var id = Array(prefix.utf8)
        for _ in 0..<24 { id.append(alphabet[Int(generator.next() % UInt64(alphabet.count))]) }
        return String(decoding: id, as: UTF8.self)
    }
}
