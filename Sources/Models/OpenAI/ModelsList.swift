internal import JSON

extension OpenAI {
    /// The body of `GET /v1/models`. The owner of a name is what stands before its first slash, else Tutti. What is known
    /// of a model stands in `tutti`; what is not known, prices too, is `null`.
    public static func encodeModels(
        _ models: [(name: String, entry: CatalogueEntry?)], created: Int64
    ) -> [UInt8] {
        var writer = JSONWriter(reserving: 64 + models.count * 480)
        writer.beginObject()
        writer.member("object", "list")
        writer.key("data")
        writer.beginArray()
        for (name, entry) in models { write(name, entry, created: created, to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// The body of `GET /v1/models/{name}`.
    public static func encodeModel(_ name: String, _ entry: CatalogueEntry?, created: Int64) -> [UInt8] {
        var writer = JSONWriter(reserving: 512)
        write(name, entry, created: created, to: &writer)
        return writer.bytes
    }

    private static func write(_ name: String, _ entry: CatalogueEntry?, created: Int64, to writer: inout JSONWriter) {
        let owner = name.utf8.firstIndex(of: UInt8(ascii: "/")).map { String(name[..<$0]) } ?? "tutti"
        writer.beginObject()
        writer.member("id", name)
        writer.member("object", "model")
        writer.member("created", created)
        writer.member("owned_by", owner)
        if let entry {
            writer.key("tutti")
            entry.write(to: &writer)
        }
        writer.endObject()
    }
}
