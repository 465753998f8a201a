/// A parsed JSON text: the tape of its values and the bytes of its strings. Immutable; nodes are views of it.
/// Two copies and three allocations a document, whatever its size.
public final class JSONDocument: Sendable {
    /// How deep arrays and objects may nest. Checked without recursion, so that deep input cannot kill a process.
    public static let maxDepth = 64

    let tape: [UInt64]
    let strings: [UInt8]

    /// Parses exactly one JSON value. Stricter than the grammar: no lone surrogates, no NUL in strings.
    public convenience init(_ bytes: Span<UInt8>) throws(JSONError) {
        try self.init(bytes, maxDepth: Self.maxDepth)
    }

    /// The same with another bound on the depth, for what holds values from outside inside something of our own: at
    /// most 128, for writing a value again keeps a bit for each level.
    public convenience init(_ bytes: borrowing [UInt8], maxDepth: Int) throws(JSONError) {
        try self.init(bytes.span, maxDepth: min(maxDepth, 128))
    }

    private init(_ bytes: Span<UInt8>, maxDepth: Int) throws(JSONError) {
        do throws(JSONError) {
            (tape, strings) = try JSONTape.parse(bytes, maxDepth: maxDepth)
        } catch {
            var located = error
            located.path = FaultLocator.path(of: error, in: bytes)
            throw located
        }
    }

    public convenience init(_ bytes: borrowing [UInt8]) throws(JSONError) {
        try self.init(bytes.span)
    }

    public convenience init(_ text: String) throws(JSONError) {
        try self.init(Array(text.utf8))
    }

    public var root: JSONNode { JSONNode(document: self, index: 1) }
}

extension JSONDocument {
    /// Where the value of an object's first member with this key is on the tape. Straight over the tape, because
    /// this is what reading a document mostly is; allocates nothing.
    func value(of key: String, inObjectAt index: Int) -> Int? {
        let wanted = key.utf8.span
        let (tapeArray, stringArray) = (self.tape, self.strings)
        let tape = tapeArray.span
        let strings = stringArray.span
        let end = Int(tape[index] & 0xffff_ffff) - 1
        var position = index + 1
        while position < end {
            let start = Int(tape[position] & 0x00ff_ffff_ffff_ffff)
            if Self.isEqual(strings, at: start, wanted) { return position + 1 }
            position = Self.end(ofValueAt: position + 1, tape)
        }
        return nil
    }

    /// A bit for each member's key.
    func keyBits(ofObjectAt index: Int) -> UInt64 {
        let (tapeArray, stringArray) = (self.tape, self.strings)
        let tape = tapeArray.span
        let strings = stringArray.span
        let end = Int(tape[index] & 0xffff_ffff) - 1
        var position = index + 1
        var bits: UInt64 = 0
        while position < end {
            let start = Int(tape[position] & 0x00ff_ffff_ffff_ffff)
            let length = Self.length(strings, at: start)
            bits |= JSONFields.bit(length: length, first: length > 0 ? strings[start + 4] : 0)
            position = Self.end(ofValueAt: position + 1, tape)
        }
        return bits
    }

    /// A string on the tape is its length in four bytes (little-endian) and its bytes.
    static func isEqual(_ strings: Span<UInt8>, at start: Int, _ wanted: Span<UInt8>) -> Bool {
        guard strings[start] == UInt8(truncatingIfNeeded: wanted.count), length(strings, at: start) == wanted.count
        else { return false }
        for offset in 0..<wanted.count where strings[start + 4 + offset] != wanted[offset] { return false }
        return true
    }

    static func length(_ strings: Span<UInt8>, at start: Int) -> Int {
        Int(strings[start]) | Int(strings[start + 1]) << 8 | Int(strings[start + 2]) << 16
            | Int(strings[start + 3]) << 24
    }

    /// The tape index after the value that starts at `index`.
    static func end(ofValueAt index: Int, _ tape: Span<UInt64>) -> Int {
        switch UInt8(truncatingIfNeeded: tape[index] >> 56) {
        case JSONNode.Tag.object, JSONNode.Tag.array: Int(tape[index] & 0xffff_ffff)
        case JSONNode.Tag.int, JSONNode.Tag.uint, JSONNode.Tag.double: index + 2
        default: index + 1
        }
    }
}
