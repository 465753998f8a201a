internal import Base
internal import JSON

extension Anthropic {
    /// Gives the calls of one answer the ids that a client sees: the provider's own where it can be told from the
    /// others and this dialect's providers would take it back, else one made of the answer's id and its position.
    struct CallIDs: Sendable {
        private let answer: String
        private var given: Set<String> = []

        /// `answer` is the answer's id; the same gives the same ids.
        init(answer: String) { self.answer = answer }

        mutating func id(for own: String, position: Int, repairs: inout Repairs) -> String {
            if Anthropic.isCallID(own), given.insert(own).inserted { return own }
            repairs.note(.toolCallID)
            var attempt = 0
            while true {
                let made = made(position: position, attempt: attempt)
                if given.insert(made).inserted { return made }
                attempt += 1
            }
        }

        private func made(position: Int, attempt: Int) -> String {
            var seed = Fingerprint()
            seed.add(answer)
            seed.add([position, attempt])
            var generator = SeededGenerator(seed: seed.value)
            let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)
            var id = Array("toolu_".utf8)
            for _ in 0..<24 { id.append(alphabet[Int(generator.next() % UInt64(alphabet.count))]) }
            return String(decoding: id, as: UTF8.self)
        }
    }

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

/// Follows the JSON text of a call's arguments piece by piece and knows when it is whole, without keeping it.
struct ArgumentsScanner: Sendable {
    enum Form: Sendable {
        /// Nothing but white space so far.
        case blank
        case object
        /// Anything that does not begin as an object does.
        case other
    }

    private(set) var form = Form.blank
    /// Whether the brace that closes the object has come.
    private(set) var isWhole = false
    private var depth = 0
    private var isInString = false
    private var isEscaped = false

    /// The part of the piece that belongs to the arguments, which is all of it but for what follows the object's end.
    /// `isProper` is `false` where that is more than white space.
    mutating func take(_ piece: String) -> (kept: String, isProper: Bool) {
        if form == .other { return (piece, true) }
        let bytes = piece.utf8
        var position = bytes.startIndex
        while !isWhole, form != .other, position < bytes.endIndex {
            if isInString { scanInString(bytes[position]) } else { scanOutside(bytes[position]) }
            position = bytes.index(after: position)
        }
        if !isWhole || position == bytes.endIndex { return (piece, true) }
        return (String(piece[..<position]), bytes[position...].allSatisfy { $0 <= 0x20 })
    }

    private mutating func scanInString(_ byte: UInt8) {
        if isEscaped {
            isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
            isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
            isInString = false
        }
    }

    private mutating func scanOutside(_ byte: UInt8) {
        switch byte {
        case 0x20, 0x09...0x0d: break
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            if form == .blank { form = byte == UInt8(ascii: "{") ? .object : .other }
            depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            if form == .blank { form = .other }
            depth -= 1
            isWhole = depth == 0
        case UInt8(ascii: "\""):
            if form == .blank { form = .other }
            isInString = true
        default: if form == .blank { form = .other }
        }
    }
}
