internal import JSON

extension OpenAI {
    /// What is to stand in one choice of a frame or a body, where that is not what the provider said.
    struct ChoiceFix {
        enum Call {
            case asItIs, dropped
            case mended(CallFix)
        }

        /// What is `nil` stays.
        struct CallFix {
            var index: Int?
            /// Empty: there is to be none.
            var id: String?
            var type: String?
            var arguments: String?

            var isEmpty: Bool { index == nil && id == nil && type == nil && arguments == nil }
        }

        enum Reason {
            case asItIs, none
            case mended(FinishReason)
        }

        var calls: [Call] = []
        var reason = Reason.asItIs
        var isNeeded = false
    }

    /// Where the calls of a choice are: pieces of them in a stream, whole ones otherwise.
    enum Shape {
        case chunk, whole

        var member: String { self == .chunk ? "delta" : "message" }
    }

    /// Finds what is odd in a choice.
    static func fix(
        _ choice: JSONNode, shape: Shape, with mender: inout ChoiceMender, repairs: inout Repairs
    ) -> ChoiceFix {
        var fix = ChoiceFix()
        if let calls = choice[shape.member]?["tool_calls"], calls.kind == .array {
            for (position, call) in calls.elements.enumerated() {
                let found = self.fix(call, at: position, shape: shape, with: &mender, repairs: &repairs)
                if case .asItIs = found {} else { fix.isNeeded = true }
                fix.calls.append(found)
            }
        }
        let said = choice["finish_reason"]?.string.map(FinishReason.init)
        if said != nil || shape == .whole {
            let shown = mender.finish(said, repairs: &repairs)
            if shown != said {
                fix.reason = shown.map { .mended($0) } ?? .none
                fix.isNeeded = true
            }
        }
        return fix
    }

    private static func fix(
        _ call: JSONNode, at position: Int, shape: Shape, with mender: inout ChoiceMender, repairs: inout Repairs
    ) -> ChoiceFix.Call {
        var delta = callDelta(call, position: position)
        let index = call["index"]?.int.flatMap { Int(exactly: $0) }
        // Whole calls stand in their order, and not all providers number them.
        if shape == .whole { delta.index = position }
        guard let piece = mender.add(delta, index: shape == .whole ? position : index, repairs: &repairs) else {
            return .dropped
        }
        var fix = ChoiceFix.CallFix()
        if shape == .chunk, index != piece.position { fix.index = piece.position }
        let own = call["id"]?.string
        if piece.isFirst {
            if piece.id != own { fix.id = piece.id }
            let function = call["function"]
            if function?.kind == .object, call["type"]?.string ?? "" == "" {
                fix.type = "function"
                mender.note(.toolCallType, ofCall: piece.position, &repairs)
            }
        } else if own?.isEmpty == false {
            fix.id = ""
        }
        fix.arguments = arguments(of: call, piece, shape: shape, with: &mender, repairs: &repairs)
        return fix.isEmpty ? .asItIs : .mended(fix)
    }

    /// `nil` where they may stay.
    private static func arguments(
        of call: JSONNode, _ piece: ChoiceMender.MendedPiece, shape: Shape, with mender: inout ChoiceMender,
        repairs: inout Repairs
    ) -> String? {
        guard let function = call["function"], function.kind == .object else { return nil }
        let own = function["arguments"]
        if own?.string == piece.arguments { return nil }
        let isMissing = own == nil || own?.isNull == true
        if isMissing, shape == .chunk { return nil }
        // More behind their end is counted when the answer is over.
        if own?.kind != .string { mender.note(.toolArguments, ofCall: piece.position, &repairs) }
        return isMissing ? "{}" : piece.arguments
    }
}

// MARK: - Writing

extension OpenAI {
    /// The text of a frame or body with its choices mended, every other member with the value that it has.
    static func mended(_ root: JSONNode, shape: Shape, fixes: [ChoiceFix]) -> [UInt8] {
        var writer = JSONWriter(reserving: 1024)
        copy(root, to: &writer) { key, value, writer in
            guard key.isString("choices"), value.kind == .array else { return false }
            writer.key("choices")
            writer.beginArray()
            for (position, choice) in value.elements.enumerated() {
                if position < fixes.count, fixes[position].isNeeded {
                    write(choice, fixes[position], shape: shape, to: &writer)
                } else {
                    writer.value(choice)
                }
            }
            writer.endArray()
            return true
        }
        return writer.bytes
    }

    private static func write(_ choice: JSONNode, _ fix: ChoiceFix, shape: Shape, to writer: inout JSONWriter) {
        var needsReason = true
        copy(choice, to: &writer) { key, value, writer in
            if key.isString("finish_reason") {
                needsReason = false
                return write(fix.reason, to: &writer)
            }
            guard key.isString(shape.member), value.kind == .object else { return false }
            writer.key(shape == .chunk ? "delta" : "message")
            copy(value, to: &writer) { key, value, writer in
                guard key.isString("tool_calls"), value.kind == .array else { return false }
                writer.key("tool_calls")
                writer.beginArray()
                for (call, fix) in zip(value.elements, fix.calls) { write(call, fix, to: &writer) }
                writer.endArray()
                return true
            }
            return true
        } last: { writer in
            if needsReason { _ = write(fix.reason, to: &writer) }
        }
    }

    /// Whether anything was written.
    private static func write(_ reason: ChoiceFix.Reason, to writer: inout JSONWriter) -> Bool {
        switch reason {
        case .asItIs: return false
        case .none: writer.member("finish_reason", JSON.null)
        case .mended(let reason): writer.member("finish_reason", reason.name)
        }
        return true
    }

    private static func write(_ call: JSONNode, _ fix: ChoiceFix.Call, to writer: inout JSONWriter) {
        let mended: ChoiceFix.CallFix
        switch fix {
        case .dropped: return
        case .asItIs: return writer.value(call)
        case .mended(let fix): mended = fix
        }
        copy(call, to: &writer) { writer in
            writer.member("index", ifPresent: mended.index)
            writer.member("id", ifPresent: mended.id?.isEmpty == true ? nil : mended.id)
            writer.member("type", ifPresent: mended.type)
        } replacing: { key, value, writer in
            if mended.index != nil, key.isString("index") { return true }
            if mended.id != nil, key.isString("id") { return true }
            if mended.type != nil, key.isString("type") { return true }
            guard let arguments = mended.arguments, key.isString("function") else { return false }
            writer.key("function")
            copy(value, to: &writer) { key, _, _ in
                key.isString("arguments")
            } last: {
                $0.member("arguments", arguments)
            }
            return true
        }
    }

    /// Copies an object. `replacing` says whether it has dealt with a member, by writing another or none.
    private static func copy(
        _ node: JSONNode, to writer: inout JSONWriter, first: (inout JSONWriter) -> Void = { _ in },
        replacing: (_ key: JSONNode, _ value: JSONNode, inout JSONWriter) -> Bool,
        last: (inout JSONWriter) -> Void = { _ in }
    ) {
        writer.beginObject()
        first(&writer)
        for (key, value) in node.members where !replacing(key, value, &writer) {
            writer.key(key.string ?? "")
            writer.value(value)
        }
        last(&writer)
        writer.endObject()
    }
}
