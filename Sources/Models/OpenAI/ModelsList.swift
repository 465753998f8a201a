internal import JSON

extension OpenAI {
    /// The body of `GET /v1/models`. The owner of a name is what stands before its first slash, else Tutti.
    public static func encodeModels(_ names: [String], created: Int64) -> [UInt8] {
        var writer = JSONWriter(reserving: 64 + names.count * 96)
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for name in names { write(name, created: created, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The body of `GET /v1/models/{name}`.
    public static func encodeModel(_ name: String, created: Int64) -> [UInt8] {
        var writer = JSONWriter(reserving: 128)
        write(name, created: created, to: &writer)
        return writer.bytes
    }

    private static func write(_ name: String, created: Int64, to writer: inout JSONWriter) {
        let owner = name.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(name[..<$0]) } ?? "tutti"
        writer.beginObject()
        writer.member("id", name)
        writer.member("object", "model")
        writer.member("created", created)
        writer.member("owned_by", owner)
        writer.endObject()
    }
}
