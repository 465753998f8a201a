internal import JSON

/// A number of the schema or the answer, compared exactly: 64-bit integers beyond what doubles hold stay apart.
struct SchemaNumber: Comparable, Sendable, CustomStringConvertible {
    private let rounded: Double
    /// The number without its fraction, if it is less than 2¹⁰⁰.
    private let whole: Int128
    /// With the number's sign.
    private let fraction: Double
    private let decimal: Decimal

    /// `nil` for anything but a number.
    init?(_ node: JSONNode) {
        guard let value = node.double else { return nil }
        rounded = value
        if node.kind != .double {
            whole = node.int.map { Int128($0) } ?? Int128(node.uint ?? 0)
            fraction = 0
            decimal = Decimal(mantissa: UInt64(truncatingIfNeeded: whole.magnitude))
        } else {
            let cut = value.rounded(.towardZero)
            whole = Self.isHuge(value) ? 0 : Int128(exactly: cut) ?? 0
            fraction = value - cut
            decimal = Decimal(value.magnitude)
        }
    }

    private static func isHuge(_ value: Double) -> Bool { value.magnitude >= 0x1p100 }

    static func == (left: SchemaNumber, right: SchemaNumber) -> Bool { !(left < right) && !(right < left) }

    static func < (left: SchemaNumber, right: SchemaNumber) -> Bool {
        if isHuge(left.rounded) || isHuge(right.rounded) { return left.rounded < right.rounded }
        return (left.whole, left.fraction) < (right.whole, right.fraction)
    }

    var description: String { isWhole ? "\(whole)" : "\(rounded)" }
    private var isWhole: Bool { fraction == 0 && !Self.isHuge(rounded) }
    var isPositive: Bool { rounded > 0 }

    /// As decimals, as both were written: 4.35 is a multiple of 0.01. The divisor must be positive.
    func isMultiple(of divisor: SchemaNumber) -> Bool { decimal.isMultiple(of: divisor.decimal) }
}

extension SchemaNumber {
    /// The shortest decimal that stands for a number, without its sign: mantissa · 10^exponent.
    private struct Decimal: Sendable {
        var mantissa: UInt64
        var exponent = 0

        init(mantissa: UInt64) {
            self.mantissa = mantissa
            dropZeros()
        }

        init(_ value: Double) {
            mantissa = 0
            let parts = value.description.split(separator: "e", maxSplits: 1)
            var isFraction = false
            for byte in parts.first?.utf8 ?? "".utf8[...] {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
                    isFraction = true
                    continue
                }
                // Seventeen digits tell doubles apart, so none overflows; zeros may follow a large one.
                let (tens, overflow) = mantissa.multipliedReportingOverflow(by: 10)
                if overflow {
                    exponent += isFraction ? 0 : 1
                    continue
                }
                mantissa = tens &+ UInt64(byte - UInt8(ascii: "0"))
                if isFraction { exponent -= 1 }
            }
            if parts.count > 1 { exponent += Int(parts[1]) ?? 0 }
            dropZeros()
        }

        private mutating func dropZeros() {
            while mantissa > 0, mantissa % 10 == 0 {
                mantissa /= 10
                exponent += 1
            }
        }

        func isMultiple(of divisor: Decimal) -> Bool {
            guard mantissa > 0 else { return true }
            guard divisor.mantissa > 0 else { return false }
            let shift = exponent - divisor.exponent
            if shift >= 0 {
                let modulus = UInt128(divisor.mantissa)
                return UInt128(mantissa) * Self.power(ofTen: shift, modulo: modulus) % modulus == 0
            }
            // The quotient has to take up tens that the mantissa, less than 10²⁰, does not have.
            guard shift >= -20 else { return false }
            let tens = Self.power(ofTen: -shift, modulo: .max)
            let (scaled, overflow) = tens.multipliedReportingOverflow(by: UInt128(divisor.mantissa))
            return !overflow && UInt128(mantissa) % scaled == 0
        }

        /// The modulus is less than 2⁶⁴, or the power less than it, so that no product overflows.
        private static func power(ofTen exponent: Int, modulo modulus: UInt128) -> UInt128 {
            var (result, base, rest) = (1 % modulus, 10 % modulus, exponent)
            while rest > 0 {
                if rest & 1 == 1 { result = result * base % modulus }
                rest >>= 1
                if rest > 0 { base = base * base % modulus }
            }
            return result
        }
    }
}
