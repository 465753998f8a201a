internal import JSON

extension Responses {
    /// The function calls of an answer, in the order in which they begin.
    struct CallList: Sendable {
        private struct Call: Sendable {
            /// Of the item in the output, as far as the server gives them.
            let number: Int64?
            let name: String
            /// By which the caller answers it.
            let id: String
            /// Whether its arguments stood in its beginning.
            let isWhole: Bool
            var hasArguments: Bool
        }

        /// More than any model makes; whatever comes beyond is dropped.
        private static let limit = 1024

        private var calls: [Call] = []

        var isEmpty: Bool { calls.isEmpty }

        /// An item that begins.
        mutating func begin(_ item: JSONNode?, number: Int64?, into output: inout [ModelEvent]) {
            guard let item, item["type"]?.isString("function_call") == true else { return }
            let (name, id) = Self.names(of: item)
            guard position(name: name, number: number, id: id) == nil else { return }
            add(item, number: number, into: &output)
        }

        /// A piece of the arguments.
        mutating func tell(piece root: JSONNode, into output: inout [ModelEvent]) {
            guard let position = position(of: root), !calls[position].isWhole,
                let piece = root["delta"]?.string, !piece.isEmpty
            else { return }
            tell(piece, at: position, into: &output)
        }

        /// The end of the arguments.
        mutating func tell(whole root: JSONNode, into output: inout [ModelEvent]) {
            guard let position = position(of: root), !calls[position].hasArguments else { return }
            let arguments = OpenAI.arguments(root["arguments"])
            if !arguments.isEmpty { tell(arguments, at: position, into: &output) }
        }

        /// An item that is complete.
        mutating func read(_ item: JSONNode, number: Int64?, into output: inout [ModelEvent]) {
            let (name, id) = Self.names(of: item)
            // Where the other two have changed, the id with which the call is answered has not.
            let known =
                position(name: name, number: number, id: id) ?? (id.isEmpty ? nil : calls.lastIndex { $0.id == id })
            let position = known ?? calls.count
            if known == nil { add(item, number: number, into: &output) }
            guard position < calls.count, !calls[position].hasArguments else { return }
            let arguments = OpenAI.arguments(item["arguments"])
            tell(arguments.isEmpty ? "{}" : arguments, at: position, into: &output)
        }

        /// The answer is over.
        mutating func close(into output: inout [ModelEvent]) {
            for position in calls.indices where !calls[position].hasArguments {
                tell("{}", at: position, into: &output)
            }
        }

        private mutating func add(_ item: JSONNode, number: Int64?, into output: inout [ModelEvent]) {
            guard calls.count < Self.limit else { return }
            let (name, id) = Self.names(of: item)
            let arguments = OpenAI.arguments(item["arguments"])
            let delta = ToolCallDelta(
                index: calls.count, id: id, name: item["name"]?.string ?? "", arguments: arguments)
            calls.append(
                Call(
                    number: number, name: name, id: id, isWhole: !arguments.isEmpty, hasArguments: !arguments.isEmpty))
            output.append(ModelEvent(.toolCall(delta)))
        }

        private mutating func tell(_ arguments: String, at position: Int, into output: inout [ModelEvent]) {
            calls[position].hasArguments = true
            output.append(ModelEvent(.toolCall(ToolCallDelta(index: position, arguments: arguments))))
        }

        private static func names(of item: JSONNode) -> (name: String, id: String) {
            let name = item["id"]?.string ?? ""
            return (name, item["call_id"]?.string ?? name)
        }

        /// The call that an event about arguments belongs to; without a number and a name, the last one.
        private func position(of root: JSONNode) -> Int? {
            let number = root["output_index"]?.int
            let name = root["item_id"]?.string ?? ""
            if number == nil, name.isEmpty { return calls.indices.last }
            return position(name: name, number: number, id: "")
        }

        /// By the item's name, else by its number, unless the two calls are answered by different ids.
        private func position(name: String, number: Int64?, id: String) -> Int? {
            if !name.isEmpty, let position = calls.lastIndex(where: { $0.name == name }) { return position }
            guard let number else { return nil }
            return calls.lastIndex { $0.number == number && (id.isEmpty || $0.id.isEmpty || $0.id == id) }
        }
    }
}
