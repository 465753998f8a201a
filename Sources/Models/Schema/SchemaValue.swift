internal import JSON

/// Equality as JSON Schema has it: numbers by their value, objects without order.
enum SchemaValue {
    /// Two values are equal if, and only if, their canonical forms are. O(n log n) in the value's size; its recursion
    /// is bounded by the document's depth.
    static func canonical(_ node: JSONNode) -> [UInt8] {
        var bytes: [UInt8] = []
        append(node, to: &bytes)
        return bytes
    }

    private static func append(_ node: JSONNode, to bytes: inout [UInt8]) {
        switch node.kind {
        case .null: bytes.append(UInt8(ascii: "n"))
        case .bool: bytes.append(UInt8(ascii: node.bool == true ? "t" : "f"))
        case .int, .uint, .double: append(number: node, to: &bytes)
        case .string: append(text: node.stringBytes ?? [], to: &bytes)
        case .array:
            bytes.append(UInt8(ascii: "["))
            for element in node.elements { append(element, to: &bytes) }
            bytes.append(UInt8(ascii: "]"))
        case .object:
            var members = node.members.map { (key: $0.key.stringBytes ?? [], value: $0.value) }
            members.sort { $0.key.lexicographicallyPrecedes($1.key) }
            bytes.append(UInt8(ascii: "{"))
            for member in members {
                append(text: member.key, to: &bytes)
                append(member.value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
        }
    }

    /// Its length comes first, so that no text can be taken for what follows one.
    private static func append(text: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "s"))
        append(UInt64(text.count), to: &bytes)
        bytes += text
    }

    private static func append(number node: JSONNode, to bytes: inout [UInt8]) {
        if let whole = node.int {
            bytes.append(UInt8(ascii: "i"))
            append(UInt64(bitPattern: whole), to: &bytes)
        } else if let whole = node.uint {
            bytes.append(UInt8(ascii: "u"))
            append(whole, to: &bytes)
        } else {
            let value = node.double ?? 0
            // Above the integers of 64 bits a double may still be one of those that are written as integers.
            if let whole = UInt64(exactly: value) {
                bytes.append(UInt8(ascii: "u"))
                append(whole, to: &bytes)
            } else {
                bytes.append(UInt8(ascii: "d"))
                append(value.bitPattern, to: &bytes)
            }
        }
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
}
