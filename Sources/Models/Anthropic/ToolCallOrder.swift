internal import Base

/// Checks that every tool call has its result in the turn after it, and gives calls ids that this dialect takes.
/// O(1) for each call and result.
struct ToolCallOrder {
    private struct Call {
        let sent: String
        let path: MessagePath
        let position: Int
        var isAnswered = false
    }

    /// The calls of the turn that is waiting for results, and where each id stands among them.
    private var waiting: [Call] = []
    private var positions: [String: Int] = [:]
    private var open = 0
    /// Ids must be unique in a conversation, but some models count their calls anew in every turn.
    private var sent: Set<String> = []
    private var repetitions: [String: Int] = [:]

    /// A call with the client's id. Returns the id to send.
    mutating func add(_ id: String, _ path: MessagePath, _ position: Int) throws(CodedError) -> String {
        guard positions[id] == nil else {
            let param = path.callID(position)
            throw CodedError(.invalidValue, "'\(param)' is the id of another call of the same turn.", param: param)
        }
        let call = Call(sent: unique(id), path: path, position: position)
        positions[id] = waiting.count
        waiting.append(call)
        open += 1
        return call.sent
    }

    /// The result of a call. Returns the call's id as it was sent.
    mutating func answer(_ id: String, _ path: MessagePath) throws(CodedError) -> String {
        guard let position = positions[id], !waiting[position].isAnswered else {
            let param = path.resultID
            throw CodedError(
                .invalidValue, "'\(param)' must name a call of the assistant's message before it, each call once.",
                param: param)
        }
        waiting[position].isAnswered = true
        open -= 1
        return waiting[position].sent
    }

    /// The turn is over.
    mutating func close() throws(CodedError) {
        if open > 0, let call = waiting.first(where: { !$0.isAnswered }) {
            let param = call.path.call(call.position)
            throw CodedError(
                .invalidValue, "'\(param)' has no result. Send it in a tool message before anything else.",
                param: param)
        }
        guard !waiting.isEmpty else { return }
        waiting.removeAll()
        positions.removeAll()
    }

    /// The same for the same conversation, so that a provider's cache knows its beginning again.
    private mutating func unique(_ id: String) -> String {
        let base = Anthropic.isCallID(id) ? id : Self.spelledOut(id)
        var candidate = base
        while !sent.insert(candidate).inserted {
            let count = repetitions[base, default: 1] + 1
            repetitions[base] = count
            candidate = "\(base)_\(count)"
        }
        return candidate
    }

    /// By its bytes, so that different ids stay different; those that would become too long by their fingerprint, and
    /// where two share one, by their order.
    private static func spelledOut(_ id: String) -> String {
        if id.utf8.count > 120 {
            var fingerprint = Fingerprint()
            fingerprint.add(id)
            return "id_\(String(fingerprint.value, radix: 16))"
        }
        let digits = Array("0123456789abcdef".utf8)
        var result = Array("id_".utf8)
        result.reserveCapacity(3 + id.utf8.count * 2)
        for byte in id.utf8 { result += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
        return String(decoding: result, as: UTF8.self)
    }
}
