/// Any `Encodable` value as JSON text and any `Decodable` value from it. The same value gives the same bytes:
/// dictionaries and sets are sorted. Only when a type passes its own encoder to the `encode(to:)` of a set, or of a
/// dictionary whose keys are neither strings nor numbers, do these lie in the order in which they iterate.
public enum JSONCoding {
    /// The value as compact JSON text that ``JSONDocument`` reads. O(bytes) but for the sorting; allocates the buffer,
    /// and an object or two for each keyed or unkeyed container that a type asks for. A key that a type encodes twice is
    /// written twice.
    ///
    /// Throws what the text cannot hold (see ``JSONCodingError/Reason``). A fault is final, even if the type that met it
    /// goes on: half of a value is never returned.
    public static func encode(_ value: some Encodable) throws(JSONCodingError) -> [UInt8] {
        var writer = JSONWriter()
        do throws(JSONCodingFault) {
            if try JSONScalars.write(value, to: &writer, depth: 0) { return writer.bytes }
        } catch {
            throw JSONCodingError(error.reason, at: error.steps)
        }
        let encoding = JSONEncoding(writer)
        try encoding.writeRoot(value)
        return try encoding.finish()
    }
}

extension JSONWriter {
    /// Writes any encodable value, as ``JSONCoding/encode(_:)`` does, and copies it once. Writes nothing if it throws.
    public mutating func encode<Value: Encodable>(_ value: Value) throws(JSONCodingError) {
        // What is one token is checked before it is written, and needs no text of its own.
        if Value.self == Int.self || Value.self == String.self || Value.self == Bool.self || Value.self == Double.self {
            do throws(JSONCodingFault) {
                if try JSONScalars.write(value, to: &self, depth: 0) { return }
            } catch {
                throw JSONCodingError(error.reason, at: error.steps)
            }
        }
        raw(try JSONCoding.encode(value))
    }
}

/// One JSON text in the making. Values are written straight into its buffer; only what may be written later than what
/// follows it (nested containers, super encoders) or must be sorted is a part of its own, joined in at the end.
final class JSONEncoding {
    /// What the value at hand has turned out to be.
    enum Shape { case undecided, object, array, scalar }

    private struct Part {
        /// Where in the bytes it belongs.
        let offset: Int
        let encoding: JSONEncoding
    }

    /// As many values may be in the middle of `encode(to:)`: optionals and wrappers do not nest in the text, but do on
    /// the stack.
    static let maxCalls = 4 * JSONDocument.maxDepth

    private var writer: JSONWriter
    /// Tells the value that may write from those that are not at hand or are done; every value has a number of its own.
    private(set) var current = 1
    private var issued = 1
    private var shape: Shape
    private var depth: Int
    private var calls: Int
    /// The way to the value at hand.
    private(set) var steps: [any CodingKey]
    private var parts: [Part] = []
    private var fault: JSONCodingError?
    /// How many elements belong together where the value at hand iterates in no certain order.
    private var unordered: Int?
    /// For a part without brackets, whose members or elements are to be sorted: how many belong together.
    private let run: Int?
    /// Where each member or element of the run starts, with its comma.
    private var marks: [(offset: Int, name: String)] = []

    /// `writer` is empty.
    init(
        _ writer: consuming JSONWriter = JSONWriter(reserving: 64), shape: Shape = .undecided, depth: Int = 0,
        calls: Int = 0, steps: [any CodingKey] = [], run: Int? = nil
    ) {
        self.writer = writer
        self.shape = shape
        self.depth = depth
        self.calls = calls
        self.steps = steps
        self.run = run
    }

    // MARK: Values

    /// The whole value, which is no scalar.
    func writeRoot(_ value: some Encodable) throws(JSONCodingError) {
        shape = .scalar
        try writeNested(value, at: nil)
    }

    /// The one value that a value consists of.
    func writeOnly(_ value: some Encodable, by serial: Int) throws(JSONCodingError) {
        guard serial == current, shape == .undecided else { throw fail(.refused) }
        shape = .scalar
        try write(value, at: nil)
    }

    func writeOnlyNull(by serial: Int) throws(JSONCodingError) {
        guard serial == current, shape == .undecided else { throw fail(.refused) }
        shape = .scalar
        writer.null()
    }

    /// Like its caller always inlined: the type of the value often is known there, that of the key never.
    @inline(__always)
    func writeMember(_ value: (some Encodable)?, _ key: some CodingKey, by serial: Int) throws(JSONCodingError) {
        guard serial == current else { throw fail(.refused) }
        try begin(key)
        if let value { try write(value, at: key) } else { writer.null() }
    }

    func writeElement(_ value: (some Encodable)?, _ index: Int, by serial: Int) throws(JSONCodingError) {
        guard serial == current else { throw fail(.refused) }
        mark("")
        if let value { try write(value, at: JSONStep.index(index)) } else { writer.null() }
    }

    private func begin(_ key: some CodingKey) throws(JSONCodingError) {
        let name = key.stringValue
        guard !JSONScalars.hasNUL(name) else { throw fail(.nul, at: key) }
        mark(name)
        writer.key(name)
    }

    private func mark(_ name: String) {
        if run != nil, current == 1 { marks.append((writer.bytes.count, name)) }
    }

    @inline(__always)
    private func write<Value: Encodable>(
        _ value: Value, at step: @autoclosure () -> (any CodingKey)?
    ) throws(JSONCodingError) {
        do throws(JSONCodingFault) {
            if try JSONScalars.write(value, to: &writer, depth: depth) { return }
        } catch {
            throw fail(error.reason, at: step(), error.steps)
        }
        try writeNested(value, at: step())
    }

    private func writeNested<Value: Encodable>(_ value: Value, at step: (any CodingKey)?) throws(JSONCodingError) {
        guard calls < Self.maxCalls else { throw fail(.tooDeep, at: step) }
        let outer = (current: current, shape: shape, depth: depth, unordered: unordered)
        issued += 1
        calls += 1
        (current, shape, unordered) = (issued, .undecided, (Value.self as? any JSONUnordered.Type)?.together)
        if let step { steps.append(step) }
        do {
            try value.encode(to: JSONValueEncoder(encoding: self, serial: current))
            close()
        } catch {
            let failure = error as? JSONCodingError ?? fail(.refused)
            fault = fault ?? failure
        }
        if step != nil { steps.removeLast() }
        calls -= 1
        (current, shape, depth, unordered) = outer
        if let fault { throw fault }
    }

    /// The first fault of a text stays its fault.
    private func fail(
        _ reason: JSONCodingError.Reason, at step: (any CodingKey)? = nil, _ inner: [JSONStep] = []
    ) -> JSONCodingError {
        let failure = fault ?? JSONCodingError(reason, at: steps + (step.map { [$0] } ?? []) + inner)
        fault = failure
        return failure
    }

    // MARK: Containers

    /// Makes the value at hand an object or an array, if it is not yet. Gives the number with which its container
    /// writes, which is nobody's when there can be no such container: asking for one cannot throw, writing to it does.
    func open(_ wanted: Shape, by serial: Int) -> Int {
        let nobody = 0
        guard serial == current, shape == wanted || shape == .undecided else {
            _ = fail(.refused)
            return nobody
        }
        if shape == wanted { return serial }
        guard depth < JSONDocument.maxDepth else {
            _ = fail(.tooDeep)
            return nobody
        }
        depth += 1
        shape = wanted
        if wanted == .object { writer.beginObject() } else { writer.beginArray() }
        return serial
    }

    /// A value that declares nothing is an empty object.
    private func close() {
        if shape == .undecided, open(.object, by: current) == 0 { return }
        switch shape {
        case .object: writer.endObject()
        case .array: writer.endArray()
        case .scalar, .undecided: break
        }
    }

    /// A part for the members of a dictionary, which is sorted; its container writes with number 1.
    func sortedMembers(by serial: Int) -> JSONEncoding {
        let serial = open(.object, by: serial)
        return part(by: serial, at: nil, shape: .object, run: 1)
    }

    /// A part for the elements of the value at hand if these must be sorted.
    func sortedElements(by serial: Int) -> JSONEncoding? {
        guard let unordered, serial == current else { return nil }
        let serial = open(.array, by: serial)
        return part(by: serial, at: nil, shape: .array, run: unordered)
    }

    /// A part for a member that is written at leisure.
    func member(_ key: some CodingKey, by serial: Int) -> JSONEncoding {
        // A NUL is kept as the fault that it is; this cannot throw.
        if serial == current { try? begin(key) }
        return part(by: serial, at: key)
    }

    func element(_ index: Int, by serial: Int) -> JSONEncoding {
        if serial == current { mark("") }
        return part(by: serial, at: JSONStep.index(index))
    }

    private func part(
        by serial: Int, at step: (any CodingKey)?, shape: Shape = .undecided, run: Int? = nil
    ) -> JSONEncoding {
        let part = JSONEncoding(
            shape: shape, depth: depth, calls: calls, steps: steps + (step.map { [$0] } ?? []), run: run)
        guard serial == current else {
            _ = fail(.refused)
            return part
        }
        // Nothing, but with the comma before it and one after it: the part's place.
        writer.raw(EmptyCollection())
        parts.append(Part(offset: writer.bytes.count, encoding: part))
        return part
    }

    // MARK: The end

    /// The bytes with every part in its place. Recursive as far as containers nest.
    func finish() throws(JSONCodingError) -> [UInt8] {
        if run == nil { close() }
        if let fault { throw fault }
        if run == nil, parts.isEmpty { return writer.bytes }
        var rest = parts[...]
        var bytes: [UInt8] = []
        bytes.reserveCapacity(writer.bytes.count)
        guard let run else {
            try join(0..<writer.bytes.count, &rest, to: &bytes)
            return bytes
        }
        var pieces: [(name: String, range: Range<Int>)] = []
        for start in stride(from: 0, to: marks.count, by: run) {
            let end = start + run < marks.count ? marks[start + run].offset : writer.bytes.count
            let begin = bytes.count
            // Without the comma before it.
            try join(marks[start].offset + (start > 0 ? 1 : 0)..<end, &rest, to: &bytes)
            pieces.append((marks[start].name, begin..<bytes.count))
        }
        pieces.sort { left, right in
            JSONScalars.isSorted(left.name.utf8.span, right.name.utf8.span)
                ?? JSONScalars.isSorted(bytes.span.extracting(left.range), bytes.span.extracting(right.range)) ?? false
        }
        var sorted: [UInt8] = []
        sorted.reserveCapacity(bytes.count + pieces.count)
        for piece in pieces {
            if !sorted.isEmpty { sorted.append(UInt8(ascii: ",")) }
            sorted += bytes[piece.range]
        }
        return sorted
    }

    private func join(
        _ range: Range<Int>, _ parts: inout ArraySlice<Part>, to result: inout [UInt8]
    ) throws(JSONCodingError) {
        let bytes = writer.bytes
        let comma = UInt8(ascii: ",")
        var position = range.lowerBound
        while let part = parts.first, part.offset <= range.upperBound {
            parts.removeFirst()
            result += bytes[position..<part.offset]
            position = part.offset
            let inner = try part.encoding.finish()
            if inner.isEmpty {
                // A run of nothing: one of the commas around it goes with it.
                if result.last == comma {
                    result.removeLast()
                } else if position < range.upperBound, bytes[position] == comma {
                    position += 1
                }
            }
            result += inner
        }
        result += bytes[position..<range.upperBound]
    }
}
