internal import Base
internal import JSON

/// Where a `$ref` points within its schema.
enum SchemaReference: Equatable {
    /// The parts of a JSON pointer (RFC 6901), unescaped.
    case pointer([SchemaKey])
    case anchor(SchemaKey)

    /// `nil` for a reference that leads out of the schema.
    init?(_ text: String) {
        guard text.hasPrefix("#") else { return nil }
        let fragment = Self.percentDecoded(text.utf8.dropFirst())
        guard let first = fragment.first else {
            self = .pointer([])
            return
        }
        guard first == UInt8(ascii: "/") else {
            self = .anchor(fragment[...])
            return
        }
        let parts = fragment.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        self = .pointer(parts.map(Self.unescaped))
    }

    /// What is no escape stays as it is.
    private static func percentDecoded(_ text: Substring.UTF8View) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
            if byte == UInt8(ascii: "%"), digits.count == 2 {
                bytes.append(UInt8(truncatingIfNeeded: digits[0] << 4 | digits[1]))
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }

    private static func unescaped(_ part: SchemaKey) -> SchemaKey {
        guard part.contains(UInt8(ascii: "~")) else { return part }
        var bytes: [UInt8] = []
        var rest = part
        while let byte = rest.popFirst() {
            switch (byte, rest.first) {
            case (UInt8(ascii: "~"), UInt8(ascii: "0")): rest = rest.dropFirst()
            case (UInt8(ascii: "~"), UInt8(ascii: "1")):
                rest = rest.dropFirst()
                bytes.append(UInt8(ascii: "/"))
                continue
            default: break
            }
            bytes.append(byte)
        }
        return bytes[...]
    }
}

extension SchemaCompiler {
    /// A `$ref` whose target is looked up when all schemas that can be seen from the root are compiled.
    struct PendingReference {
        let subschema: Int
        let rule: Int
        let place: Int
        let text: String

        var shown: String { SchemaText.short(Array(text.utf8)[...]) }
    }

    /// Targets may lie where no keyword leads, and hold references themselves.
    mutating func resolveReferences() throws(CodedError) {
        var next = 0
        while next < pending.count {
            let reference = pending[next]
            let target = try self.target(of: reference)
            subschemas[reference.subschema].rules[reference.rule] = .reference(target)
            next += 1
        }
    }

    private mutating func target(of reference: PendingReference) throws(CodedError) -> Int {
        guard let parsed = SchemaReference(reference.text) else {
            throw places.refusal(
                reference.place, keyword: "$ref",
                "leads out of the schema, to '\(reference.shown)'. Put what it means under '$defs'")
        }
        let resource = places[reference.place].resource
        var place = resource
        switch parsed {
        case .anchor(let name):
            guard let id = anchors[Anchor(resource: resource, name: name)] else { break }
            return id
        case .pointer(let tokens):
            for (position, token) in tokens.enumerated() {
                guard let next = try places.child(of: place, token) else { break }
                place = next
                guard position == tokens.count - 1 else { continue }
                return try subschema(at: place)
            }
            if tokens.isEmpty { return try subschema(at: place) }
        }
        throw places.refusal(reference.place, keyword: "$ref", "leads nowhere: there is no '\(reference.shown)'")
    }
}
