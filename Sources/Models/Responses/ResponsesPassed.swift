internal import JSON

extension Responses {
    /// What has gone through of a provider's own stream, as far as whoever goes on with it must know. Keeps the frames
    /// of items and the text of the open part.
    struct Passed: Sendable {
        private struct Item: Sendable {
            var number: Int?
            /// As JSON text, as it was when it began or ended.
            var text: ArraySlice<UInt8>
            var isDone = false
        }

        /// More items than answers have. Whoever goes on after so many goes on without the rest.
        private static let mostItems = 1024

        /// Whether the provider has said that the response is over.
        private(set) var sawEnd = false
        /// The response as it was when it began.
        private(set) var response: [UInt8]?
        /// The parts of the open message that are over, as JSON text.
        private(set) var parts: [ArraySlice<UInt8>] = []
        /// What has come of the open part, if it is a text.
        private(set) var text: String?
        /// Whether that has been told once more, whole.
        private(set) var isTextTold = false
        private var items: [Item] = []
        private var count = 0
        private var last: [UInt8] = []

        mutating func note(_ kind: ModelEvent.Kind, type: String?, _ frame: [UInt8]) {
            count &+= 1
            last = frame
            // Also where a server says it whole alone.
            if case .text(let piece) = kind { text = (text.take() ?? "") + piece }
            switch type {
            case "response.output_text.delta": return
            case "response.created", "response.in_progress", "response.queued":
                if response == nil { response = Self.value("response", in: frame).map { Array($0) } }
            case "response.output_item.added", "response.output_item.done":
                note(item: frame, isDone: type == "response.output_item.done")
            case "response.content_part.added": (text, isTextTold) = (Self.isText(frame) ? "" : nil, false)
            case "response.output_text.done": isTextTold = true
            case "response.content_part.done":
                if let part = Self.value("part", in: frame), parts.count < Self.mostItems { parts.append(part) }
                (text, isTextTold) = (nil, false)
            case "response.completed", "response.incomplete", "response.failed", "error": sawEnd = true
            default: break
            }
        }

        private mutating func note(item frame: [UInt8], isDone: Bool) {
            guard let item = Self.value("item", in: frame) else { return }
            let number = Self.number("output_index", in: frame)
            if isDone, let position = items.lastIndex(where: { $0.number == number }) {
                items[position].text = item
                items[position].isDone = true
            } else if items.count < Self.mostItems {
                items.append(Item(number: number, text: item, isDone: isDone))
            }
            (text, parts, isTextTold) = (nil, [], false)
        }

        /// Of the event that comes next.
        var nextNumber: Int { Self.number("sequence_number", in: last).map { $0 &+ 1 } ?? count }

        /// The id of the message that has begun and not ended.
        var openMessage: String? {
            guard let last = items.last, !last.isDone, let item = try? JSONDocument(Array(last.text)).root,
                item["type"]?.isString("message") == true
            else { return nil }
            return item["id"]?.string ?? ""
        }

        /// All other items, in their order.
        var closedItems: [ArraySlice<UInt8>] {
            (openMessage == nil ? items[...] : items.dropLast()).map(\.text)
        }

        private static func isText(_ frame: [UInt8]) -> Bool {
            guard let part = value("part", in: frame).map({ Array($0) }),
                let type = JSONMembers.find("type", in: part)
            else { return true }
            return part[type.value].elementsEqual("\"output_text\"".utf8)
        }

        private static func value(_ key: String, in frame: [UInt8]) -> ArraySlice<UInt8>? {
            JSONMembers.find(key, in: frame).map { frame[$0.value] }
        }

        private static func number(_ key: String, in frame: [UInt8]) -> Int? {
            value(key, in: frame).flatMap { Int(String(decoding: $0, as: UTF8.self)) }
        }
    }
}
