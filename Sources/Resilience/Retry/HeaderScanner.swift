/// Reads a short text from its front. What a call does not find it leaves where it was, but for what it has read of
/// something that is broken. Without allocation.
struct HeaderScanner {
    private var bytes = InlineArray<64, UInt8>(repeating: 0)
    private var count = 0
    private var index = 0

    /// `nil` for a text of more than 64 bytes: nothing that is read here is so long.
    init?(_ text: String) {
        guard text.utf8.count <= bytes.count else { return nil }
        for byte in text.utf8 {
            bytes[count] = byte
            count += 1
        }
    }

    var isAtEnd: Bool { index == count }

    private var first: UInt8? { index < count ? bytes[index] : nil }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let first, UInt32(first) == character.value else { return false }
        index += 1
        return true
    }

    private mutating func digit() -> Int? {
        guard let first, first >= 0x30, first <= 0x39 else { return nil }
        index += 1
        return Int(first) - 0x30
    }

    /// Exactly so many digits, at most nine.
    mutating func digits(_ count: Int) -> Int? {
        var value = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// A number that is not negative: digits, perhaps a fraction and an exponent. Infinite where it is too large.
    mutating func number() -> Double? {
        guard let first = digit() else { return nil }
        var value = Double(first)
        while let digit = digit() { value = value * 10 + Double(digit) }
        if take(".") {
            guard let fraction = fraction() else { return nil }
            value += fraction
        }
        guard take("e") || take("E") else { return value }
        let isSmall = take("-")
        if !isSmall { _ = take("+") }
        guard var exponent = digit() else { return nil }
        while let digit = digit() { exponent = min(exponent * 10 + digit, 400) }
        if value == 0 { return value }
        for _ in 0..<exponent { value = isSmall ? value / 10 : value * 10 }
        return value
    }

    /// The digits after a point.
    mutating func fraction() -> Double? {
        guard let first = digit() else { return nil }
        var value = Double(first)
        var scale = 10.0
        while let digit = digit() {
            // What is past the fifteenth digit is less than a nanosecond.
            guard scale < 1e15 else { continue }
            value = value * 10 + Double(digit)
            scale *= 10
        }
        return value / scale
    }

    /// A unit of time, in seconds.
    mutating func unit() -> Double? {
        if take("h") { return 3600 }
        if take("s") { return 1 }
        if take("d") { return 86_400 }
        if take("m") { return take("s") ? 1e-3 : 60 }
        if take("u") { return take("s") ? 1e-6 : nil }
        // The micro sign and the Greek letter.
        if takeBytes(0xC2, 0xB5) || takeBytes(0xCE, 0xBC) { return take("s") ? 1e-6 : nil }
        if take("n") { return take("s") ? 1e-9 : nil }
        return nil
    }

    private mutating func takeBytes(_ first: UInt8, _ second: UInt8) -> Bool {
        guard count - index >= 2, bytes[index] == first, bytes[index + 1] == second else { return false }
        index += 2
        return true
    }

    /// `12:00:00`, in seconds. A leap second counts as the one before it.
    mutating func timeOfDay() -> Int? {
        guard let hour = digits(2), hour < 24, take(":"), let minute = digits(2), minute < 60, take(":"),
            let second = digits(2), second <= 60
        else { return nil }
        return hour * 3600 + minute * 60 + min(second, 59)
    }

    /// `Z`, `+02:00`: how many seconds it is ahead of UTC.
    mutating func offset() -> Int? {
        if take("Z") || take("z") { return 0 }
        let isBehind = take("-")
        guard isBehind || take("+"), let hours = digits(2), hours < 24, take(":"), let minutes = digits(2), minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isBehind ? -60 : 60)
    }

    /// Letters; how many there were.
    mutating func word() -> Int? {
        let start = index
        while let first, (0x61...0x7A).contains(first | 0x20) { index += 1 }
        return index > start ? index - start : nil
    }

    /// `Nov`, as 1 to 12.
    mutating func month() -> Int? {
        guard count - index >= 3 else { return nil }
        let name = (0..<3).reduce(0) { $0 << 8 | Int(bytes[index + $1] | 0x20) }
        guard let month = HeaderScanner.month(name) else { return nil }
        index += 3
        return month
    }

    /// A name's three small letters as one number.
    private static func month(_ name: Int) -> Int? {
        switch name {
        case 0x6A_616E: 1
        case 0x66_6562: 2
        case 0x6D_6172: 3
        case 0x61_7072: 4
        case 0x6D_6179: 5
        case 0x6A_756E: 6
        case 0x6A_756C: 7
        case 0x61_7567: 8
        case 0x73_6570: 9
        case 0x6F_6374: 10
        case 0x6E_6F76: 11
        case 0x64_6563: 12
        default: nil
        }
    }
}
