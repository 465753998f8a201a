import JSON

/// What Anthropic demands of the messages that it is sent, judged from outside.
enum AnthropicConversation {
    static func faults(in messages: JSON) -> [String] {
        var faults: [String] = []
        var ids: Set<String> = []
        var open: Set<String> = []
        var previous: String?
        for (index, message) in (messages.array ?? []).enumerated() {
            let role = message["role"]?.string ?? "none"
            let blocks = message["content"]?.array ?? []
            if !["user", "assistant"].contains(role) { faults.append("\(index): the role \(role)") }
            if role == previous { faults.append("\(index): two in a row of \(role)") }
            if blocks.isEmpty { faults.append("\(index): no blocks") }
            let results = blocks.prefix { $0["type"] == "tool_result" }
            if blocks.dropFirst(results.count).contains(where: { $0["type"] == "tool_result" }) {
                faults.append("\(index): a result after something else")
            }
            let answered = results.compactMap { $0["tool_use_id"]?.string }
            if Set(answered) != open || answered.count != open.count {
                faults.append("\(index): \(answered) of \(open)")
            }
            open = []
            for block in blocks {
                if block["type"] == "text", block["text"]?.string?.allSatisfy(\.isWhitespace) != false {
                    faults.append("\(index): no text")
                }
                guard block["type"] == "tool_use" else { continue }
                let id = block["id"]?.string ?? ""
                let isAccepted = !id.isEmpty && id.wholeMatch(of: /[a-zA-Z0-9_-]+/) != nil
                if !isAccepted || !ids.insert(id).inserted { faults.append("\(index): the id '\(id)'") }
                if block["input"]?.object == nil { faults.append("\(index): input is no object") }
                if role != "assistant" { faults.append("\(index): a call of the user's") }
                open.insert(id)
            }
            previous = role
        }
        if !open.isEmpty { faults.append("calls without results at the end: \(open)") }
        if previous == nil { faults.append("no messages") }
        return faults
    }
}
