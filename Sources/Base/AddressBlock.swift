/// A block of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address alone.
public struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    private let first: IPAddress
    private let length: Int

    /// `nil` for anything else, and for a block with bits set behind its length: it would mean less than it says.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
        // A dotted address counts its own 32 bits, also where it is written with a colon before it.
        let isDotted = !text.utf8.contains(UInt8(ascii: ":"))
        let most = isDotted ? 32 : 128
        var length = most
        if parts.count == 2 {
            let digits = parts[1].utf8
            guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
                digits.count == 1 || digits.first != UInt8(ascii: "0"), let number = Int(parts[1]), number <= most
            else { return nil }
            length = number
        }
        self.length = isDotted ? length + 96 : length
        first = address
        guard address.prefix(self.length) == address else { return nil }
    }

    public func contains(_ address: IPAddress) -> Bool { address.prefix(length) == first }

    public var description: String {
        let isIPv4 = first.isIPv4 && length >= 96
        return "\(first)/\(isIPv4 ? length - 96 : length)"
    }
}
