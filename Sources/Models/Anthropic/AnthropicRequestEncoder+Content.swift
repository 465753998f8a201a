internal import Base
internal import JSON

extension Anthropic {
    /// A piece of content that is sent, and whether the prompt up to it is worth caching.
    struct Block {
        enum Content {
            case text(String)
            /// The block's type and its source.
            case media(StaticString, JSON, title: String?)
            /// A part that only this dialect knows, as the client wrote it.
            case own(JSONNode)
        }

        let content: Content
        var mark: CacheMark?

        init(_ content: Content) { self.content = content }

        static func isBlank(_ text: String) -> Bool { text.allSatisfy(\.isWhitespace) }

        var text: String { if case .text(let text) = content { text } else { "" } }

        /// The text without white space at its end.
        var trimmed: Block {
            guard case .text(let text) = content, let end = text.lastIndex(where: { !$0.isWhitespace }) else {
                return self
            }
            var block = Block(.text(String(text[...end])))
            block.mark = mark
            return block
        }

        func write(marked: Bool = true, to writer: inout JSONWriter) {
            if case .own(let node) = content { return writer.value(node) }
            writer.beginObject()
            switch content {
            case .text(let text):
                writer.member("type", "text")
                writer.member("text", text)
            case .media(let type, let source, let title):
                writer.member("type", type.description)
                writer.member("source", source)
                writer.member("title", ifPresent: title)
            case .own: break
            }
            if marked { Anthropic.write(mark, to: &writer) }
            writer.endObject()
        }

        /// What is sent of a message's content: no texts without anything to read, which this dialect refuses. A mark
        /// belongs to the block before it.
        static func all(
            of message: ChatMessage, _ path: MessagePath, takesMedia: Bool, isOwn: Bool
        ) throws(CodedError) -> [Block] {
            switch message.content {
            case .none: return []
            case .text(let text): return isBlank(text) ? [] : [Block(.text(text))]
            case .parts(let parts):
                var blocks: [Block] = []
                blocks.reserveCapacity(parts.count)
                for (position, part) in parts.enumerated() {
                    if case .cacheMark(let mark) = part {
                        if !blocks.isEmpty { blocks[blocks.count - 1].mark = mark }
                        continue
                    }
                    let part = Part(part, path, position, takesMedia: takesMedia, isOwn: isOwn)
                    if let content = try part.content() { blocks.append(Block(content)) }
                }
                return blocks
            }
        }
    }
}

/// One part of a client's message.
private struct Part {
    private static let imageTypes: Set = ["image/jpeg", "image/png", "image/gif", "image/webp"]

    private let part: ContentPart
    private let path: MessagePath
    private let position: Int
    private let takesMedia: Bool
    private let isOwn: Bool

    init(_ part: ContentPart, _ path: MessagePath, _ position: Int, takesMedia: Bool, isOwn: Bool) {
        self.part = part
        self.path = path
        self.position = position
        self.takesMedia = takesMedia
        self.isOwn = isOwn
    }

    private var param: String { path.part(position) }

    /// `nil` for what holds nothing.
    func content() throws(CodedError) -> Anthropic.Block.Content? {
        switch part {
        case .text(let text), .refusal(let text): return Anthropic.Block.isBlank(text) ? nil : .text(text)
        case .cacheMark: return nil
        case .other(_, let node) where isOwn: return .own(node)
        case .image(let url, _) where takesMedia: return .media("image", try image(url), title: nil)
        case .document(let document) where takesMedia:
            let title = document.name.flatMap { $0.isEmpty ? nil : $0 }
            return .media("document", try source(of: document), title: title)
        case .image, .document, .audio, .other: throw .foreign(param, "'\(part.type)' content")
        }
    }

    private func image(_ url: String) throws(CodedError) -> JSON {
        guard let (type, data) = DataURL.parts(of: url) else { return try address(url) }
        let mediaType = type.lowercased()
        guard Self.imageTypes.contains(mediaType) else {
            throw .foreign(
                param, "an image of another kind than these: \(Self.imageTypes.sorted().joined(separator: ", "))")
        }
        return try base64(data, mediaType: mediaType)
    }

    private func source(of document: Document) throws(CodedError) -> JSON {
        switch document.source {
        case .base64(let type, let data):
            guard type.lowercased() == "application/pdf" else { throw .foreign(param, "a file that is no PDF") }
            return try base64(data, mediaType: "application/pdf")
        case .url(let url): return try address(url)
        case .text(let text): return ["type": "text", "media_type": "text/plain", "data": .string(text)]
        case .id: throw .foreign(param, "the id of a file")
        }
    }

    private func address(_ url: String) throws(CodedError) -> JSON {
        guard url.hasPrefix("https://") else {
            throw .foreign(param, "neither an https address nor a data: URL with base64")
        }
        return ["type": "url", "url": .string(url)]
    }

    private func base64(_ data: String, mediaType: String) throws(CodedError) -> JSON {
        guard DataURL.isBase64(data) else {
            throw CodedError(.invalidValue, "'\(param)' holds data that is not base64.", param: param)
        }
        return ["type": "base64", "media_type": .string(mediaType), "data": .string(data)]
    }
}
