public import Base
internal import JSON

extension Anthropic {
    /// The error as this dialect shows it: `{"type":"error","error":{"type","message"},"request_id"}`. It has no field
    /// for the `param`, so that the message names it.
    public static func encodeError(_ error: CodedError, requestID: String?) -> [UInt8] {
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.member("type", "error")
        writeError(error, requestID: requestID, to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// What follows the `type`.
    static func writeError(_ error: CodedError, requestID: String?, to writer: inout JSONWriter) {
        var message = error.message
        if let param = error.param, !message.contains(param) { message = "\(param): \(message)" }
        writer.key("error")
        writer.beginObject()
        writer.member("type", error.code.anthropicType)
        writer.member("message", message)
        writer.endObject()
        writer.member("request_id", orNull: requestID)
    }
}
