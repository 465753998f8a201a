import HTTP
import JSON

/// Reads a stream of responses' events as strictly as its grammar has them, and puts the answer together as a client
/// does, so that it can be held against the response that ends the stream.
struct ResponsesGrammar {
    struct Fault: Error, CustomStringConvertible {
        var description: String
    }

    /// What the events told of the output.
    private(set) var output: [JSON] = []
    /// The response of the last event.
    private(set) var response: JSON = .null
    private(set) var types: [String] = []
    private(set) var error: JSON?
    private var isOver = false
    /// Of the open item: its position and that of the open part.
    private var item: Int?
    private var part: Int?
    private var pieces = ""

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
        guard isOver else { throw Fault(description: "no end") }
        if error == nil, response["output"]?.array != output {
            throw Fault(description: "the end says \(response), the events \(output)")
        }
    }

    private func demand(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        if !condition { throw Fault(description: "\(types.last ?? "-"): \(what())") }
    }

    private mutating func take(_ type: String, _ data: JSON) throws {
        try demand(!isOver, "\(type) after the end")
        try demand(data["sequence_number"] == .int(Int64(types.count)), "\(data) has not the number \(types.count)")
        try demand((type == "response.created") == types.isEmpty, "response.created is not first and alone")
        types.append(type)
        switch type {
        case "error":
            error = data
            isOver = true
        case "response.created", "response.in_progress":
            response = data["response"] ?? .null
            try demand(response["status"] == "in_progress" && response["output"] == [], "not an empty response")
        case "response.completed", "response.incomplete":
            try demand(item == nil, "within an item")
            let begun = response
            response = data["response"] ?? .null
            try demand("response.\(response["status"]?.string ?? "")" == type, "the status of \(response)")
            for field in ["id", "created_at", "model", "tools"] {
                try demand(response[field] == begun[field], "another \(field)")
            }
            isOver = true
        case "response.output_item.added":
            try demand(item == nil, "within an item")
            try demand(data["output_index"] == .int(Int64(output.count)), "the index does not rise by one")
            let bare = data["item"] ?? .null
            try demand(["reasoning", "message", "function_call"].contains(bare["type"]?.string), "of \(bare)")
            try demand(!output.contains { $0["id"] == bare["id"] }, "another item's id")
            let isBare = bare["summary"] ?? bare["content"] ?? bare["arguments"]
            try demand(isBare == [] || isBare == "", "not an empty item")
            item = output.count
            output.append(bare)
            if bare["type"] == "function_call" { part = 0 }
        case "response.output_item.done":
            let position = try open(data["output_index"])
            try demand(part == nil || output[position]["type"] == "function_call", "within a part")
            var told = output[position]
            if let status = data["item"]?["status"], told["status"] == "in_progress" { told["status"] = status }
            try demand(data["item"] == told, "says \(data), the events \(told)")
            output[position] = told
            (item, part, pieces) = (nil, nil, "")
        default: try takePart(type, data)
        }
    }

    private func open(_ index: JSON?) throws -> Int {
        guard let item, index == .int(Int64(item)) else {
            throw Fault(description: "\(types.last ?? ""): no such item")
        }
        return item
    }

    private mutating func takePart(_ type: String, _ data: JSON) throws {
        let position = try open(data["output_index"])
        try demand(data["item_id"] == output[position]["id"], "another item's id")
        let isSummary = type.contains("summary")
        let list = isSummary ? "summary" : "content"
        let index = data[isSummary ? "summary_index" : "content_index"]
        switch type {
        case "response.content_part.added", "response.reasoning_summary_part.added":
            try demand(part == nil, "within a part")
            let parts = output[position][list]?.array ?? []
            try demand(index == .int(Int64(parts.count)), "the part's index does not rise by one")
            (part, pieces) = (parts.count, "")
        case "response.content_part.done", "response.reasoning_summary_part.done":
            try demand(part != nil && index == part.map { .int(Int64($0)) }, "of no open part")
            let told = data["part"] ?? .null
            try demand((told["text"] ?? told["refusal"]) == .string(pieces), "says \(told), the pieces \(pieces)")
            output[position][list] = .array((output[position][list]?.array ?? []) + [told])
            part = nil
        case "response.function_call_arguments.delta", "response.output_text.delta", "response.refusal.delta",
            "response.reasoning_summary_text.delta":
            try demand(part != nil, "outside a part")
            try demand(index == nil || index == part.map { .int(Int64($0)) }, "of another part")
            guard let piece = data["delta"]?.string, !piece.isEmpty else {
                throw Fault(description: "no delta: \(data)")
            }
            pieces += piece
        case "response.output_text.done", "response.reasoning_summary_text.done", "response.refusal.done":
            try demand(part != nil, "outside a part")
            try demand((data["text"] ?? data["refusal"]) == .string(pieces), "says \(data), the pieces \(pieces)")
        case "response.function_call_arguments.done":
            try demand(data["arguments"] == .string(pieces), "says \(data), the pieces \(pieces)")
            try demand(data["name"] == output[position]["name"], "another name")
            output[position]["arguments"] = .string(pieces)
        default: throw Fault(description: "\(type) is unknown")
        }
    }

    func items(_ type: String) -> [JSON] { output.filter { $0["type"]?.string == type } }

    /// The texts of every part of this type, joined.
    func text(_ type: String) -> String {
        output.flatMap { ($0["content"] ?? $0["summary"])?.array ?? [] }.filter { $0["type"]?.string == type }
            .compactMap { ($0["text"] ?? $0["refusal"])?.string }.joined()
    }

    var calls: [JSON] { items("function_call") }
}
