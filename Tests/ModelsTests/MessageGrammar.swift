import HTTP
import JSON

/// Reads a stream of Anthropic's events as its grammar has them, and puts the message together as a client does.
struct MessageGrammar {
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    private(set) var content: [JSON] = []
    private(set) var start: JSON = .null
    private(set) var stopReason: String?
    private(set) var usage: JSON = .null
    /// Of an event that ended the stream in place of `message_stop`.
    private(set) var error: JSON?
    private(set) var isStopped = false
    private var open: Int?
    private var input = ""

    /// Throws where the stream is not what the grammar allows; a failed one may end anywhere.
    init(_ bytes: [UInt8]) throws {
        var decoder = SSEDecoder()
        decoder.feed(bytes)
        while let event = try decoder.next() {
            let data = try JSON(event.data)
            guard let type = event.event, data["type"]?.string == type else {
                throw Fault(description: "the name \(event.event ?? "-") is not the type of \(data)")
            }
            try take(type, data)
        }
        guard isStopped || error != nil else { throw Fault(description: "neither message_stop nor an error") }
    }

    private mutating func take(_ type: String, _ data: JSON) throws {
        func demand(_ condition: Bool, _ what: String) throws {
            if !condition { throw Fault(description: "\(type): \(what)") }
        }
        try demand(!isStopped && error == nil, "after the end")
        if type == "error" {
            error = data["error"]
            return
        }
        try demand((type == "message_start") == (start == .null), "message_start is not first and alone")
        switch type {
        case "message_start":
            start = data["message"] ?? .null
            try demand(start["content"] == [] && start["stop_reason"] == .null, "not an empty message")
        case "content_block_start":
            try demand(open == nil, "within a block")
            try demand(stopReason == nil, "after message_delta")
            try demand(data["index"]?.int == Int64(content.count), "the index does not rise by one")
            open = content.count
            content.append(data["content_block"] ?? .null)
            input = ""
        case "content_block_delta":
            try demand(open != nil && data["index"]?.int == open.map(Int64.init), "outside its block")
            try append(data["delta"] ?? .null)
        case "content_block_stop":
            try demand(open != nil && data["index"]?.int == open.map(Int64.init), "of no open block")
            if !input.isEmpty { content[content.count - 1]["input"] = try JSON(Array(input.utf8)) }
            open = nil
        case "message_delta":
            try demand(open == nil, "within a block")
            try demand(stopReason == nil, "twice")
            stopReason = data["delta"]?["stop_reason"]?.string
            usage = data["usage"] ?? .null
            try demand(stopReason != nil, "without a stop_reason")
        case "message_stop":
            try demand(stopReason != nil, "before message_delta")
            isStopped = true
        case "ping": break
        default: throw Fault(description: "\(type) is unknown")
        }
    }

    private mutating func append(_ delta: JSON) throws {
        let last = content.count - 1
        let block = content[last]["type"]?.string
        func text(_ name: String) throws -> String {
            guard let text = delta[name]?.string else { throw Fault(description: "a delta without \(name)") }
            return text
        }
        func add(_ name: String) throws {
            content[last][name] = .string((content[last][name]?.string ?? "") + (try text(name)))
        }
        switch (block, delta["type"]?.string) {
        case ("text", "text_delta"): try add("text")
        case ("thinking", "thinking_delta"):
            guard content[last]["signature"] == "" else { throw Fault(description: "a thought after its signature") }
            try add("thinking")
        case ("thinking", "signature_delta"): content[last]["signature"] = .string(try text("signature"))
        case ("tool_use", "input_json_delta"): input += try text("partial_json")
        default: throw Fault(description: "\(delta) within \(block ?? "nothing")")
        }
    }

    func texts(_ type: String, _ field: String) -> String {
        content.filter { $0["type"]?.string == type }.compactMap { $0[field]?.string }.joined()
    }

    var calls: [JSON] { content.filter { $0["type"] == "tool_use" } }
}
