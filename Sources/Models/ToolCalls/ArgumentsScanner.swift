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
    /// Whether every bracket was closed by its own kind, none too deep. Of what is not, all belongs to the arguments.
    private(set) var isSound = true
    private var depth = 0
    /// A bit for each open bracket, the innermost lowest: whether it is a brace.
    private var braces: UInt64 = 0
    private var isInString = false
    private var isEscaped = false

    /// The part of the piece that belongs to the arguments, which is all of it but for what follows the object's end.
    /// `isProper` is `false` where that is more than white space.
    mutating func take(_ piece: String) -> (kept: String, isProper: Bool) {
        if form == .other || !isSound { return (piece, true) }
        let bytes = piece.utf8
        var position = bytes.startIndex
        while !isWhole, isSound, form != .other, position < bytes.endIndex {
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
        case UInt8(ascii: "{"): open(isBrace: true)
        case UInt8(ascii: "["): open(isBrace: false)
        case UInt8(ascii: "}"): close(isBrace: true)
        case UInt8(ascii: "]"): close(isBrace: false)
        case UInt8(ascii: "\""):
            if form == .blank { form = .other }
            isInString = true
        default: if form == .blank { form = .other }
        }
    }

    private mutating func open(isBrace: Bool) {
        if form == .blank { form = isBrace ? .object : .other }
        guard depth < UInt64.bitWidth else { return isSound = false }
        depth += 1
        braces = braces << 1 | (isBrace ? 1 : 0)
    }

    private mutating func close(isBrace: Bool) {
        if form == .blank { form = .other }
        guard depth > 0, (braces & 1 == 1) == isBrace else { return isSound = false }
        depth -= 1
        braces >>= 1
        isWhole = depth == 0
    }
}
