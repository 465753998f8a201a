internal import JSON

extension Responses {
    /// One item of a built answer's output.
    struct Item: Sendable {
        enum Part: Sendable {
            case text(String, [TokenLogprob])
            case refusal(String)
            /// A provider's own, as JSON text.
            case passed(ArraySlice<UInt8>)
        }

        enum Kind: Sendable {
            /// Each part of the summary: thoughts as they are, which clients know no better place for.
            case reasoning([String])
            case message([Part])
            case call(id: String, name: String, arguments: String)
            /// A provider's own, as JSON text.
            case passed(ArraySlice<UInt8>)
        }

        enum Status: String, Sendable {
            case inProgress = "in_progress"
            case completed, incomplete
        }

        let id: String
        var kind: Kind
        var status = Status.completed

        /// The item at a position of an answer's output always has the same id.
        init(_ kind: Kind, answer: String, position: Int) {
            let prefix =
                switch kind {
                case .reasoning: "rs_"
                case .message: "msg_"
                case .call: "fc_"
                case .passed: ""
                }
            id = CallIDs.made(prefix, answer: answer, [position])
            self.kind = kind
        }

        /// One that a provider has begun.
        init(_ kind: Kind, id: String) {
            self.id = id
            self.kind = kind
        }

        func write(to writer: inout JSONWriter) {
            if case .passed(let text) = kind { return writer.raw(text) }
            writer.beginObject()
            writer.member("id", id)
            switch kind {
            case .passed: break
            case .reasoning(let texts):
                writer.member("type", "reasoning")
                writer.key("summary")
                writer.beginArray()
                for text in texts { Item.write(summary: text, to: &writer) }
                writer.endArray()
            case .message(let parts):
                writer.member("type", "message")
                writer.member("status", status.rawValue)
                writer.member("role", "assistant")
                writer.key("content")
                writer.beginArray()
                for part in parts { part.write(to: &writer) }
                writer.endArray()
            case .call(let id, let name, let arguments):
                writer.member("type", "function_call")
                writer.member("status", status.rawValue)
                writer.member("call_id", id)
                writer.member("name", name)
                writer.member("arguments", arguments)
            }
            writer.endObject()
        }

        static func write(summary text: String, to writer: inout JSONWriter) {
            writer.beginObject()
            writer.member("type", "summary_text")
            writer.member("text", text)
            writer.endObject()
        }
    }
}

extension Responses.Item.Part {
    func write(to writer: inout JSONWriter) {
        if case .passed(let text) = self { return writer.raw(text) }
        writer.beginObject()
        switch self {
        case .passed: break
        case .text(let text, let logprobs):
            writer.member("type", "output_text")
            writer.member("text", text)
            writer.member("annotations", [])
            writer.key("logprobs")
            Responses.write(logprobs, to: &writer)
        case .refusal(let text):
            writer.member("type", "refusal")
            writer.member("refusal", text)
        }
        writer.endObject()
    }
}

extension Responses {
    static func write(_ logprobs: [TokenLogprob], to writer: inout JSONWriter) {
        writer.beginArray()
        for entry in logprobs {
            writer.beginObject()
            writeMembers(of: entry.chosen, to: &writer)
            writer.key("top_logprobs")
            writer.beginArray()
            for candidate in entry.top {
                writer.beginObject()
                writeMembers(of: candidate, to: &writer)
                writer.endObject()
            }
            writer.endArray()
            writer.endObject()
        }
        writer.endArray()
    }

    /// Unlike in chats, a token's bytes are always there.
    private static func writeMembers(of candidate: TokenLogprob.Candidate, to writer: inout JSONWriter) {
        writer.member("token", candidate.token)
        writer.member("logprob", candidate.logprob)
        writer.key("bytes")
        writer.beginArray()
        for byte in candidate.bytes ?? Array(candidate.token.utf8) { writer.int(byte) }
        writer.endArray()
    }
}
