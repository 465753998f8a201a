internal import Base
internal import JSON

extension Anthropic {
    /// Reads a block that is content, whoever says it, and the cache mark on it. What has no neutral form is kept
    /// whole, its mark within it.
    static func readPart(_ type: String, _ block: FieldReader, into parts: inout [ContentPart]) throws(CodedError) {
        switch type {
        case "text":
            guard let text = try block.string("text") else { throw block.missing("text", "a string") }
            parts.append(.text(text))
        case "image": parts.append(try image(block))
        case "document": try readDocument(block, into: &parts)
        default: parts.append(.other(type: type, block.node))
        }
        if case .other? = parts.last { return }
        if let mark = try cacheMark(of: block) { parts.append(.cacheMark(mark)) }
    }

    static func cacheMark(of block: FieldReader) throws(CodedError) -> CacheMark? {
        guard let mark = try block.object("cache_control") else { return nil }
        return CacheMark(lifetime: try mark.string("ttl"))
    }

    private static func source(of block: FieldReader) throws(CodedError) -> (FieldReader, type: String) {
        guard let source = try block.object("source") else { throw block.missing("source", "an object with a type") }
        guard let type = try source.string("type") else { throw source.missing("type", "base64 or url") }
        return (source, type)
    }

    private static func image(_ block: FieldReader) throws(CodedError) -> ContentPart {
        let (source, type) = try source(of: block)
        switch type {
        case "base64":
            let (mediaType, data) = try base64(source)
            return .image(url: DataURL.make(mediaType: mediaType, data: data), detail: nil)
        case "url": return .image(url: try url(source), detail: nil)
        // A file that the provider keeps, and whatever it learns to take.
        default: return .other(type: "image", block.node)
        }
    }

    private static func readDocument(_ block: FieldReader, into parts: inout [ContentPart]) throws(CodedError) {
        let (source, type) = try source(of: block)
        let document: Document.Source
        switch type {
        case "base64":
            let (mediaType, data) = try base64(source)
            document = .base64(mediaType: mediaType, data: data)
        case "url": document = .url(try url(source))
        case "text":
            guard let text = try source.string("data") else { throw source.missing("data", "a string") }
            document = .text(text)
        case "content":
            // Blocks are what citations point at, and may hold images.
            guard let text = source.present("content")?.string else { fallthrough }
            document = .text(text)
        default:
            parts.append(.other(type: "document", block.node))
            return
        }
        // What the client says of the document besides; the model reads it, so it is said as text.
        if let context = try block.string("context"), !context.isEmpty { parts.append(.text(context)) }
        parts.append(.document(Document(document, name: try block.string("title"))))
    }

    private static func url(_ source: FieldReader) throws(CodedError) -> String {
        guard let url = try source.string("url") else { throw source.missing("url", "a string") }
        return url
    }

    private static func base64(_ source: FieldReader) throws(CodedError) -> (mediaType: String, data: String) {
        guard let mediaType = try source.string("media_type") else {
            throw source.missing("media_type", "a media type, like image/png")
        }
        guard isMediaType(mediaType) else {
            let param = source.param("media_type")
            throw CodedError(.invalidValue, "'\(param)' must be a media type, like image/png.", param: param)
        }
        guard let data = try source.string("data") else { throw source.missing("data", "base64 text") }
        guard DataURL.isBase64(data) else {
            let param = source.param("data")
            throw CodedError(
                .invalidValue, "'\(param)' is not base64. Send base64 alone, without line ends and without 'data:'.",
                param: param)
        }
        return (mediaType, data)
    }

    /// Nothing that would end the media type within a `data:` URL.
    private static func isMediaType(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= 128, bytes.filter({ $0 == UInt8(ascii: "/") }).count == 1 else { return false }
        guard bytes.first != UInt8(ascii: "/"), bytes.last != UInt8(ascii: "/") else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "+"),
                UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }
}
