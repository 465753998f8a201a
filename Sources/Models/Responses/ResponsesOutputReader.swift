internal import JSON

extension Responses {
    /// What an answer's output says, told once. A stream says everything up to five times: in pieces, then whole at the
    /// end of the text, of the part, of the item and of the answer. What is said first counts, so that servers which
    /// leave some of it out are understood too.
    struct OutputReader: Sendable {
        enum Kind: Sendable, Hashable { case text, refusal, summary, thought, seal }

        /// Where in the output something stands. Servers number the items, name them, or both, and some name the same
        /// item differently at the end.
        struct Place: Sendable {
            let kind: Kind
            let number: Int64?
            let name: String?
            var part: Int64 = 0

            init(_ kind: Kind, number: Int64?, name: String?, part: Int64 = 0) {
                self.kind = kind
                self.number = number
                self.name = name.flatMap { $0.isEmpty ? nil : $0 }
                self.part = part
            }
        }

        private enum Mark: Sendable, Hashable {
            case number(Kind, Int64, part: Int64)
            case name(Kind, String, part: Int64)
            /// Something without a number and a name.
            case nameless(Kind)
        }

        private var marks: Set<Mark> = []
        /// Where the last piece stood, so that a long text marks its place once.
        private var last: Place?
        var calls = CallList()

        var hasCalls: Bool { !calls.isEmpty }

        private func isTold(_ place: Place) -> Bool {
            // Without a number and a name, it is the end of the piece before.
            let isLast = place.number == nil && place.name == nil && last?.kind == place.kind
            return isLast || marks.contains(.nameless(place.kind))
                || place.number.map { marks.contains(.number(place.kind, $0, part: place.part)) } == true
                || place.name.map { marks.contains(.name(place.kind, $0, part: place.part)) } == true
        }

        private mutating func mark(_ place: Place) {
            last = place
            if let number = place.number { marks.insert(.number(place.kind, number, part: place.part)) }
            if let name = place.name { marks.insert(.name(place.kind, name, part: place.part)) }
            if place.number == nil, place.name == nil { marks.insert(.nameless(place.kind)) }
        }

        /// A piece of something: always new.
        private mutating func tell(
            piece root: JSONNode, _ kind: Kind, part: String, into output: inout [ModelEvent]
        ) {
            guard let text = root["delta"]?.string, !text.isEmpty else { return }
            let number = root["output_index"]?.int
            let position = root[part]?.int ?? 0
            let name = root["item_id"]
            let isSame =
                last.map {
                    $0.kind == kind && $0.number == number && $0.part == position
                        && ($0.name.map { name?.isString($0) == true } ?? (name?.string ?? "").isEmpty)
                } == true
            if !isSame { mark(Place(kind, number: number, name: name?.string, part: position)) }
            Self.append(text, kind, to: &output)
        }

        /// Something whole: new if no piece of it was told.
        private mutating func tell(whole node: JSONNode?, _ place: Place, into output: inout [ModelEvent]) {
            guard let text = node?.string, !text.isEmpty, !isTold(place) else { return }
            mark(place)
            Self.append(text, place.kind, to: &output)
        }

        private static func append(_ text: String, _ kind: Kind, to output: inout [ModelEvent]) {
            let event: ModelEvent.Kind =
                switch kind {
                case .text: .text(text)
                case .refusal: .refusal(text)
                case .summary, .thought: .reasoning(text)
                case .seal: .sealedReasoning(text)
                }
            output.append(ModelEvent(event))
        }
    }
}

extension Responses.OutputReader {
    /// One event of a stream. Those that this reader does not know tell nothing.
    mutating func read(_ root: JSONNode, type: JSONNode, into output: inout [ModelEvent]) {
        if type.isString("response.output_text.delta") {
            tell(piece: root, .text, part: "content_index", into: &output)
        } else if type.isString("response.function_call_arguments.delta") {
            calls.tell(piece: root, into: &output)
        } else if type.isString("response.reasoning_summary_text.delta") {
            tell(piece: root, .summary, part: "summary_index", into: &output)
        } else if type.isString("response.reasoning_text.delta") {
            tell(piece: root, .thought, part: "content_index", into: &output)
        } else if type.isString("response.refusal.delta") {
            tell(piece: root, .refusal, part: "content_index", into: &output)
        } else if type.isString("response.output_item.added") {
            calls.begin(root["item"], number: root["output_index"]?.int, into: &output)
        } else if type.isString("response.output_item.done") {
            guard let item = root["item"] else { return }
            read(item: item, number: root["output_index"]?.int, into: &output)
        } else {
            readDone(root, type: type, into: &output)
        }
    }

    /// The whole output of an answer.
    mutating func readAll(of response: JSONNode, into output: inout [ModelEvent]) {
        for (position, item) in response.elements(of: "output").enumerated() {
            read(item: item, number: Int64(position), into: &output)
        }
    }

    /// Calls without input; no text at all would not be JSON.
    mutating func closeCalls(into output: inout [ModelEvent]) { calls.close(into: &output) }

    private mutating func readDone(_ root: JSONNode, type: JSONNode, into output: inout [ModelEvent]) {
        func place(_ kind: Kind, _ part: String = "content_index") -> Place {
            Place(kind, number: root["output_index"]?.int, name: root["item_id"]?.string, part: root[part]?.int ?? 0)
        }
        if type.isString("response.output_text.done") {
            tell(whole: root["text"], place(.text), into: &output)
        } else if type.isString("response.refusal.done") {
            tell(whole: root["refusal"], place(.refusal), into: &output)
        } else if type.isString("response.reasoning_summary_text.done") {
            tell(whole: root["text"], place(.summary, "summary_index"), into: &output)
        } else if type.isString("response.reasoning_text.done") {
            tell(whole: root["text"], place(.thought), into: &output)
        } else if type.isString("response.function_call_arguments.done") {
            calls.tell(whole: root, into: &output)
        }
    }

    private mutating func read(item: JSONNode, number: Int64?, into output: inout [ModelEvent]) {
        guard let type = item["type"] else { return }
        if type.isString("function_call") { return calls.read(item, number: number, into: &output) }
        guard type.isString("message") || type.isString("reasoning") else { return }
        let name = item["id"]?.string
        for (part, content) in item.elements(of: "summary").enumerated() {
            tell(whole: content["text"], Place(.summary, number: number, name: name, part: Int64(part)), into: &output)
        }
        for (part, content) in item.elements(of: "content").enumerated() {
            guard let type = content["type"] else { continue }
            func place(_ kind: Kind) -> Place { Place(kind, number: number, name: name, part: Int64(part)) }
            if type.isString("output_text") {
                tell(whole: content["text"], place(.text), into: &output)
            } else if type.isString("refusal") {
                tell(whole: content["refusal"], place(.refusal), into: &output)
            } else if type.isString("reasoning_text") {
                tell(whole: content["text"], place(.thought), into: &output)
            }
        }
        // Only when it is done: what is added may have another seal, of nothing yet.
        tell(whole: item["encrypted_content"], Place(.seal, number: number, name: name), into: &output)
    }
}
