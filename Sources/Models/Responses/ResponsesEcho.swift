internal import JSON

extension Responses {
    /// What an answer repeats of its request, in the client's own text. Costs nothing until an answer is built.
    public struct Echo: Sendable {
        private let request: [UInt8]?

        /// Of a request in another dialect there is nothing to repeat: an answer tells what this one means by default.
        public init(of request: ChatRequest) {
            self.request = request.original?.dialect == .responses ? request.original?.bytes : nil
        }

        /// The members that repeat a field of the request, each with its value where the request has none.
        private static let fields: [(key: StaticString, absent: StaticString)] = [
            ("instructions", "null"), ("max_output_tokens", "null"), ("metadata", "{}"),
            ("parallel_tool_calls", "true"), ("reasoning", #"{"effort":null,"summary":null}"#),
            ("temperature", "1.0"), ("text", #"{"format":{"type":"text"}}"#), ("tool_choice", #""auto""#),
            ("tools", "[]"), ("top_p", "1.0"), ("truncation", #""disabled""#), ("user", "null"),
        ]

        /// Members of an object, without its braces and without line ends.
        var members: [UInt8] {
            var values: [[UInt8]?] = Array(repeating: nil, count: Self.fields.count)
            if let request {
                for member in JSONMembers(of: request) {
                    let key = Self.key(request[member.key])
                    guard let position = Self.fields.firstIndex(where: { key.elementsEqual("\($0.key)".utf8) })
                    else { continue }
                    let value = Self.compact(request[member.value])
                    if !value.elementsEqual("null".utf8) { values[position] = value }
                }
            }
            var writer = JSONWriter()
            for (field, value) in zip(Self.fields, values) {
                writer.member(field.key, raw: Self.whole(value, of: field.key) ?? Array("\(field.absent)".utf8))
            }
            // Nothing is kept, so that there is nothing to go on from.
            writer.member("previous_response_id", JSON.null)
            writer.member("store", false)
            return writer.bytes
        }

        /// Clients look for the format whatever else a request says of the text.
        private static func whole(_ value: [UInt8]?, of key: StaticString) -> [UInt8]? {
            guard let value, "\(key)" == "text", JSONMembers.find("format", in: value) == nil else { return value }
            return JSONMembers.setting("format", to: Array(#"{"type":"text"}"#.utf8), in: value)
        }

        /// A key without its quotes.
        private static func key(_ literal: ArraySlice<UInt8>) -> [UInt8] {
            guard literal.contains(UInt8(ascii: "\\")) else { return Array(literal.dropFirst().dropLast()) }
            return (try? JSONDocument(Array(literal)))?.root.stringBytes.map { Array($0) } ?? []
        }

        /// The same text without the white space between its tokens: an event's data is one line.
        private static func compact(_ text: ArraySlice<UInt8>) -> [UInt8] {
            var result: [UInt8] = []
            result.reserveCapacity(text.count)
            var isInString = false
            var isEscaped = false
            for byte in text {
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        isInString = false
                    }
                } else if byte <= 0x20 {
                    continue
                } else if byte == UInt8(ascii: "\"") {
                    isInString = true
                }
                result.append(byte)
            }
            return result
        }
    }
}
