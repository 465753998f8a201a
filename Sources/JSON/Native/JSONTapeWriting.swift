// Ownership: the tape and the strings of the document and the room of the bytes are borrowed for the length of one
// call; no pointer is kept. C reads the strings where the tape says that they are: both are the parser's own, whole and
// never changed.
internal import CShims

/// Writes a value of a document as compact JSON, straight off its tape: no recursion, and nothing allocated but the
/// bytes. Their room is filled in one step, and more is asked for only when it is full.
enum JSONTapeWriting {
    /// What any number or bracket takes with its comma, and more: with so much room writing always goes on.
    private static let leastRoom = 64

    static func append(_ node: JSONNode, comma: Bool, to bytes: inout [UInt8]) {
        var writing = tutti_json_writing()
        writing.index = node.index
        writing.end = node.end
        writing.needs_comma = comma
        while writing.index < writing.end {
            if node.document.tape[writing.index] >> 56 == UInt64(JSONNode.Tag.double) {
                append(Double(bitPattern: node.document.tape[writing.index + 1]), &writing, to: &bytes)
                continue
            }
            bytes.append(addingCapacity: max(bytes.capacity - bytes.count, leastRoom)) { output in
                unsafe output.withUnsafeMutableBufferPointer { room, count in
                    count = unsafe write(node.document, &writing, into: room)
                }
            }
        }
    }

    private static func write(
        _ document: JSONDocument, _ writing: inout tutti_json_writing, into room: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        guard let output = room.baseAddress else { return 0 }
        return unsafe document.tape.withUnsafeBufferPointer { tape in
            unsafe document.strings.withUnsafeBufferPointer { strings in
                unsafe tutti_json_write(
                    tape.baseAddress, strings.baseAddress, strings.count, &writing, output, room.count)
            }
        }
    }

    private static func append(_ value: Double, _ writing: inout tutti_json_writing, to bytes: inout [UInt8]) {
        if writing.needs_comma { bytes.append(UInt8(ascii: ",")) }
        // What is parsed is always finite.
        bytes.append(contentsOf: value.description.utf8)
        writing.needs_comma = true
        writing.is_key = writing.objects.0 & 1 == 1
        writing.index += 2
    }
}
