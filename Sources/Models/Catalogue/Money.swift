/// An exact amount of dollars: a whole number of picodollars (10⁻¹² dollars), never negative.
/// The largest is above 10²⁶ dollars, so a sum of bills cannot reach it; whoever tries gets `nil`, never a trap.
public struct Money: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let picodollars: UInt128

    public static let zero = Money(picodollars: 0)

    public init(picodollars: UInt128) { self.picodollars = picodollars }

    /// Reads dollars as `12`, `0.25` or `0.000000000001`. `nil` for anything else: a sign, an exponent, no digit before
    /// the point, an amount that is not a whole number of picodollars or is too large.
    public init?(_ dollars: String) {
        guard let units = Decimals.units(of: dollars, places: 12) else { return nil }
        picodollars = units
    }

    /// The sum; `nil` where it is too large.
    public func adding(_ other: Money) -> Money? {
        let (sum, overflow) = picodollars.addingReportingOverflow(other.picodollars)
        return overflow ? nil : Money(picodollars: sum)
    }

    /// As often as `count` says; `nil` where that is negative or the product too large.
    public func times(_ count: Int) -> Money? {
        guard let factor = UInt128(exactly: count) else { return nil }
        let (product, overflow) = picodollars.multipliedReportingOverflow(by: factor)
        return overflow ? nil : Money(picodollars: product)
    }

    public static func < (left: Money, right: Money) -> Bool { left.picodollars < right.picodollars }

    /// Dollars with all their decimals and no zeros at the end: `0.000123`, `12`. A JSON number too.
    public var description: String { Decimals.text(of: picodollars, places: 12) }
}

/// What one token costs, as price lists say it: in dollars for a million tokens, with at most six decimals.
public struct TokenPrice: Sendable, Hashable, CustomStringConvertible {
    public let perToken: Money

    /// Above any real price; it keeps what any number of tokens costs within ``Money``.
    private static let limit = UInt128(1_000_000_000_000)

    /// Reads dollars for a million tokens: `2.50`, `0.00625`, or `0` for what is known to be free. `nil` for anything
    /// else, for more than six decimals other than zeros, and above a million dollars.
    public init?(perMillion dollars: String) {
        // A millionth of 10⁻⁶ dollars is a picodollar.
        guard let units = Decimals.units(of: dollars, places: 6), units <= Self.limit else { return nil }
        perToken = Money(picodollars: units)
    }

    /// Dollars for a million tokens, without zeros at the end.
    public var description: String { Decimals.text(of: perToken.picodollars, places: 6) }
}

/// Plain decimal texts as whole numbers of their last place.
enum Decimals {
    /// Longer texts are no amounts.
    private static let longest = 64

    static func units(of text: String, places: Int) -> UInt128? {
        guard text.utf8.count <= longest else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.allSatisfy({ !$0.isEmpty }), let whole = parts.first else { return nil }
        let fraction = parts.count > 1 ? Array(parts[1]) : []
        guard fraction.dropFirst(places).allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
        let padding = repeatElement(UInt8(ascii: "0"), count: max(0, places - fraction.count))
        var units: UInt128 = 0
        for byte in Array(whole) + fraction.prefix(places) + padding {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (shifted, tooLarge) = units.multipliedReportingOverflow(by: 10)
            let (next, overflow) = shifted.addingReportingOverflow(UInt128(byte - UInt8(ascii: "0")))
            if tooLarge || overflow { return nil }
            units = next
        }
        return units
    }

    static func text(of units: UInt128, places: Int) -> String {
        var digits = Array(String(units).utf8)
        digits.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: max(0, places + 1 - digits.count)), at: 0)
        let whole = digits.dropLast(places)
        var fraction = digits.suffix(places)
        while fraction.last == UInt8(ascii: "0") { fraction.removeLast() }
        let point: [UInt8] = fraction.isEmpty ? [] : [UInt8(ascii: ".")]
        return String(decoding: whole + point + fraction, as: UTF8.self)
    }
}
