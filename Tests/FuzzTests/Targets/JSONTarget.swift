import Base

@testable import JSON

extension FuzzTarget {
    static let json = FuzzTarget(name: "json", maxInput: 4096) { JSONCheck.finding(in: $0) }
}

/// A text is taken or refused as a plain second reader does, gives the same value, and written out again is read as the
/// same, off the tree and off the tape alike.
enum JSONCheck {
    static func finding(in input: [UInt8]) -> String? {
        let plain = PlainJSON.read(input)
        let document: JSONDocument
        do throws(JSONError) {
            document = try JSONDocument(input)
        } catch {
            if let plain { return "\(error.kind) is refused, and a plain reader sees \(plain)" }
            if let offset = error.offset, !input.indices.contains(offset) { return "the fault lies outside the text" }
            return nil
        }
        guard let plain else { return "what a plain reader refuses is taken" }
        let value = JSON(document.root)
        if !isSame(value, plain) { return "a plain reader sees another value: \(plain)" }
        var writer = JSONWriter()
        writer.value(document.root)
        if writer.bytes != value.bytes { return "the tape is written otherwise than the value" }
        guard let again = try? JSON(writer.bytes), isSame(again, value) else {
            return "written out again it is read as another"
        }
        return lookUpFinding(document.root)
    }

    /// Doubles compared bit for bit: `-0.0` is not `0.0`.
    private static func isSame(_ left: JSON, _ right: JSON) -> Bool {
        switch (left, right) {
        case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
        case (.string(let a), .string(let b)): a.utf8.elementsEqual(b.utf8)
        case (.array(let a), .array(let b)): a.count == b.count && zip(a, b).allSatisfy { isSame($0, $1) }
        case (.object(let a), .object(let b)):
            a.count == b.count
                && zip(a, b).allSatisfy { $0.key.utf8.elementsEqual($1.key.utf8) && isSame($0.value, $1.value) }
        default: left == right
        }
    }

    /// Every way to look a member up finds the first of its name.
    private static func lookUpFinding(_ node: JSONNode) -> String? {
        if node.count != node.elements.reduce(0, { count, _ in count + 1 })
            + node.members.reduce(0, { count, _ in count + 1 })
        {
            return "the count is another than that of what there is"
        }
        var seen: [[UInt8]] = []
        var double: String?
        let fields = node.fields
        for member in node.members {
            guard let key = member.key.string, let bytes = member.key.stringBytes, member.key.isString(key) else {
                return "a key is no string"
            }
            let first = node[key]?.index
            if fields[key]?.index != first { return "two ways to look a member up find two" }
            if seen.contains(Array(bytes)) {
                double = double ?? key
                if first == member.value.index { return "the second of two members is found" }
            } else if first != member.value.index {
                return "a member is not found under its key"
            }
            seen.append(Array(bytes))
            if seen.count > 40 { return nil }
        }
        if node.kind == .object, node.duplicateKey.map({ Array($0.utf8) }) != double.map({ Array($0.utf8) }) {
            return "another key, or none, is said to be there twice"
        }
        for member in node.members {
            if let sentence = lookUpFinding(member.value) { return sentence }
        }
        for element in node.elements {
            if let sentence = lookUpFinding(element) { return sentence }
        }
        return nil
    }
}
