internal import JSON

extension Anthropic {
    /// `[A-Za-z0-9_-]{1,256}`: what `tool_use_id` may be.
    static func isCallID(_ id: String) -> Bool {
        let bytes = id.utf8
        return (1...256).contains(bytes.count)
            && bytes.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// The `input` of a call, which must be an object. Nothing and `null` mean `{}`, and what follows an object is left
    /// out; what is no object stands as it is under `_raw`, so that nothing that the model said is lost and no client
    /// takes it for arguments.
    static func input(from arguments: String, repairs: inout Repairs) -> [UInt8] {
        let bytes = Array(arguments.utf8)
        let isBlank = bytes.allSatisfy { $0 == 0x20 || (0x09...0x0d).contains($0) }
        if isBlank { return Array("{}".utf8) }
        let root = try? JSONDocument(bytes).root
        if root?.kind == .object { return bytes }
        repairs.note(.toolArguments)
        if root?.isNull == true { return Array("{}".utf8) }
        var scanner = ArgumentsScanner()
        let object = Array(scanner.take(arguments).kept.utf8)
        if scanner.isWhole, (try? JSONDocument(object)) != nil { return object }
        var writer = JSONWriter(reserving: bytes.count + 16)
        writer.beginObject()
        writer.member("_raw", arguments)
        writer.endObject()
        return writer.bytes
    }
}
