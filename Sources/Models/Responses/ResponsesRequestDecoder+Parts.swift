internal import Base
internal import JSON

extension Responses {
    /// A content: of a message, or what a call gave. What only this dialect has stands in it whole, and `foreign` is
    /// then its path.
    static func content(
        of fields: FieldReader, _ field: String, foreign: inout String?
    ) throws(CodedError) -> ChatMessage.Content {
        guard let node = fields.present(field) else {
            throw fields.missing(field, "a string or an array of content parts")
        }
        if let text = node.string { return .text(text) }
        guard node.kind == .array else {
            throw fields.wrongType(field, is: node, expected: "a string or an array of content parts")
        }
        var parts: [ContentPart] = []
        parts.reserveCapacity(node.count)
        for (index, element) in node.elements.enumerated() {
            let part = try part(try fields.element(element, field, index))
            if case .other = part { foreign = foreign ?? fields.param("\(field)[\(index)]") }
            parts.append(part)
        }
        // One text alone is what a string would have said.
        if parts.count == 1, case .text(let text) = parts[0] { return .text(text) }
        return .parts(parts)
    }

    private static func part(_ fields: FieldReader) throws(CodedError) -> ContentPart {
        guard let type = try fields.string("type") else {
            throw fields.missing("type", "input_text, input_image, input_file, output_text or refusal")
        }
        switch type {
        case "input_text", "output_text":
            guard let text = try fields.string("text") else { throw fields.missing("text", "a string") }
            return .text(text)
        case "refusal":
            guard let text = try fields.string("refusal") else { throw fields.missing("refusal", "a string") }
            return .refusal(text)
        case "input_image": return try image(fields)
        case "input_file": return .document(try file(fields))
        case "input_audio":
            guard let audio = try fields.object("input_audio") else {
                throw fields.missing("input_audio", "an object with data and format")
            }
            guard let data = try audio.string("data") else { throw audio.missing("data", "base64 text") }
            guard let format = try audio.string("format") else { throw audio.missing("format", "wav or mp3") }
            return .audio(data: data, format: format)
        default: return .other(type: type, fields.node)
        }
    }

    private static func image(_ fields: FieldReader) throws(CodedError) -> ContentPart {
        guard let url = try fields.string("image_url") else {
            guard try fields.string("file_id") != nil else {
                throw fields.missing("image_url", "a URL or a data: URL, as a string")
            }
            // Of a file that the provider has; other dialects have no such images.
            return .other(type: "input_image", fields.node)
        }
        if let (_, data) = DataURL.parts(of: url) { try checkBase64(data, fields, "image_url") }
        return .image(url: url, detail: try fields.string("detail"))
    }

    private static func file(_ fields: FieldReader) throws(CodedError) -> Document {
        let name = try fields.string("filename")
        if let id = try fields.string("file_id") { return Document(.id(id), name: name) }
        if let data = try fields.string("file_data") {
            if data.hasPrefix("https://") || data.hasPrefix("http://") { return Document(.url(data), name: name) }
            let (mediaType, base64) = DataURL.parts(of: data) ?? ("application/pdf", data)
            try checkBase64(base64, fields, "file_data")
            return Document(.base64(mediaType: mediaType, data: base64), name: name)
        }
        guard let url = try fields.string("file_url") else {
            throw fields.missing("file_data", "a data: URL, unless there is a file_url or a file_id")
        }
        return Document(.url(url), name: name)
    }

    private static func checkBase64(_ text: String, _ fields: FieldReader, _ field: String) throws(CodedError) {
        guard !DataURL.isBase64(text) else { return }
        let param = fields.param(field)
        throw CodedError(
            .invalidValue, "'\(param)' does not hold base64. Send it without line ends, after 'data:…;base64,'.",
            param: param)
    }
}
