internal import JSON

extension ChatRequest {
    /// The same conversation with the model's answer at its end, and a demand. The client's own bytes grow with it, so
    /// that what only they say still goes to a provider of the same dialect. `nil` where such things would be lost.
    public func asking(again demand: String, after answer: String) -> ChatRequest? {
        var request = self
        request.messages += [ChatMessage(.assistant, answer), ChatMessage(.user, demand)]
        guard let original else { return foreignField == nil && !hasForeignTools ? request : nil }
        let key = original.dialect == .responses ? "input" : "messages"
        guard let member = JSONMembers.find(key, in: original.bytes) else { return nil }
        var list = Array(original.bytes[member.value])
        switch list.first {
        case UInt8(ascii: "["): list.removeLast()
        // A text alone is a user's message.
        case UInt8(ascii: "\""): list = Array(#"[{"role":"user","content":"#.utf8) + list + [UInt8(ascii: "}")]
        default: return nil
        }
        let isEmpty = messages.isEmpty
        for (position, message) in request.messages.suffix(2).enumerated() {
            var writer = JSONWriter(isEmpty && position == 0 ? [] : [UInt8(ascii: ",")])
            writer.beginObject()
            writer.member("role", message.role.rawValue)
            writer.member("content", message.text)
            writer.endObject()
            list += writer.bytes
        }
        list.append(UInt8(ascii: "]"))
        request.original?.bytes = JSONMembers.replacing(key, with: list, in: original.bytes)
        return request
    }
}
