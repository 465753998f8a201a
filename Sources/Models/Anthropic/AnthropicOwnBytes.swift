internal import Base
internal import JSON

extension Anthropic {
    /// The client's own bytes as this dialect's provider takes them: as they are, but for thoughts without a signature.
    /// Those came from another dialect's model, through an answer of ours, and the provider would refuse them.
    static func passable(_ request: ChatRequest, _ bytes: [UInt8]) -> [UInt8] {
        guard request.messages.contains(where: { $0.reasoning.contains { !$0.isProven(in: .anthropic) } }),
            let root = try? JSONDocument(bytes).root, let messages = root["messages"]
        else { return bytes }
        var writer = JSONWriter(reserving: bytes.count)
        writer.beginArray()
        for message in messages.elements { writeProven(message, to: &writer) }
        writer.endArray()
        let body = JSONMembers.replacing("messages", with: writer.bytes, in: bytes)
        // A model that is given a budget wants the thought back that led to the calls of its last turn.
        guard request.breaksThoughtOff, root["thinking"]?["type"]?.isString("enabled") == true else { return body }
        return JSONMembers.removing("thinking", in: body)
    }

    /// A message that says nothing else is left out whole: an empty one would be refused.
    private static func writeProven(_ message: JSONNode, to writer: inout JSONWriter) {
        guard let content = message["content"], content.kind == .array,
            content.elements.contains(where: isUnproven)
        else { return writer.value(message) }
        let proven = content.elements.filter { !isUnproven($0) }
        guard !proven.isEmpty else { return }
        writer.beginObject()
        for member in message.members {
            writer.key(member.key.string ?? "")
            guard member.key.isString("content") else {
                writer.value(member.value)
                continue
            }
            writer.beginArray()
            for block in proven { writer.value(block) }
            writer.endArray()
        }
        writer.endObject()
    }

    private static func isUnproven(_ block: JSONNode) -> Bool {
        guard block["type"]?.isString("thinking") == true else { return false }
        return block["signature"]?.string?.isEmpty ?? true
    }
}

extension ChatRequest {
    /// Whether the assistant's last turn has calls, but not the thoughts, known by their provider, that led to them.
    var breaksThoughtOff: Bool {
        guard let last = messages.last(where: { $0.role == .assistant }), !last.toolCalls.isEmpty
        else { return false }
        return !last.reasoning.contains { $0.isProven(in: dialect) }
    }
}
