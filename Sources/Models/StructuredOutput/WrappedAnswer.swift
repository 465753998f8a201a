internal import Base

/// Takes the answer out of a tool's arguments `{"answer": …}` as their JSON text comes, piece by piece. Arguments of
/// another form are the answer as they are, for some models leave the wrapping out. Pure; nothing is read twice.
struct WrappedAnswer: Sendable {
    private enum Phase {
        /// Before the object's brace.
        case start
        /// In the object, between its members or within one that is not the answer.
        case members
        /// Between the answer's colon and its first byte.
        case beforeValue
        /// In an answer that is a number, true, false or null.
        case word
        case string
        /// In an answer that is an object or array.
        case container
        case over
        /// The arguments are no object.
        case plain
    }

    private var phase = Phase.start
    /// How deep in objects and arrays the next byte stands, the arguments' own object being 1.
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    /// The string that is being read or was read last in the object itself; longer ones than the name do not matter.
    private var key: [UInt8] = []
    private var isKeyNext = true
    /// What has come before the answer, in case that there is none.
    private var held: [UInt8] = []

    private static let name = Array(AnswerSchema.argument.utf8)

    /// The bytes that are kept back.
    var heldCount: Int { held.count }

    /// What the piece adds to the answer.
    mutating func feed(_ piece: String) -> String {
        if case .over = phase { return "" }
        if case .plain = phase { return piece }
        var answer: [UInt8] = []
        for byte in piece.utf8 { read(byte, into: &answer) }
        return String(decoding: answer, as: UTF8.self)
    }

    /// The arguments have ended: what they are where no answer was found in them.
    mutating func finish() -> String {
        defer { phase = .over }
        switch phase {
        case .start, .members:
            let rest = String(decoding: held, as: UTF8.self)
            held = []
            return rest
        default: return ""
        }
    }

    private mutating func read(_ byte: UInt8, into answer: inout [UInt8]) {
        switch phase {
        case .plain: answer.append(byte)
        case .over: break
        case .start: readStart(byte, into: &answer)
        case .members:
            held.append(byte)
            readMember(byte)
        case .beforeValue: if !Self.isSpace(byte) { begin(byte, into: &answer) }
        case .word:
            if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || Self.isSpace(byte) {
                phase = .over
            } else {
                answer.append(byte)
            }
        case .string, .container:
            answer.append(byte)
            track(byte)
            if depth == 1, !isInString { phase = .over }
        }
    }

    private mutating func readStart(_ byte: UInt8, into answer: inout [UInt8]) {
        if Self.isSpace(byte) { return }
        if byte == UInt8(ascii: "{") {
            phase = .members
            depth = 1
            held.append(byte)
        } else {
            phase = .plain
            answer.append(byte)
        }
    }

    private mutating func readMember(_ byte: UInt8) {
        let wasInString = isInString
        track(byte)
        guard depth == 1 else { return }
        switch (wasInString, byte) {
        case (false, UInt8(ascii: "\"")): key = []
        // The closing quote among them.
        case (true, _): if isInString, key.count <= Self.name.count { key.append(byte) }
        case (false, UInt8(ascii: ":")):
            if isKeyNext, key == Self.name {
                phase = .beforeValue
                held = []
            }
            isKeyNext = false
        case (false, UInt8(ascii: ",")): isKeyNext = true
        default: break
        }
    }

    private mutating func begin(_ byte: UInt8, into answer: inout [UInt8]) {
        // Nothing where the answer should be.
        if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") { return phase = .over }
        answer.append(byte)
        track(byte)
        phase = isInString ? .string : depth > 1 ? .container : .word
    }

    private mutating func track(_ byte: UInt8) {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
            return
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        // Deeper than any text is long it cannot get; below the object it may, in text that is no JSON.
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        default: break
        }
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0d ~= byte }
}
