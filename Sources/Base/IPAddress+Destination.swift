/// Addresses at which no provider is: a key sent there would be lost, or a cloud's metadata service asked in the
/// server's name.
extension IPAddress {
    /// What is wrong with the address as somebody's to be asked; `nil` for nothing. Loopback and private addresses are
    /// fine: models run there. O(blocks).
    public var destinationProblem: String? {
        let address = translated ?? self
        return IPAddress.notAsked.first { $0.block.contains(address) }?.problem
    }

    /// The IPv4 address that a network without IPv4 has put into this one (RFC 6052).
    private var translated: IPAddress? {
        guard high == 0x64_ff9b_0000_0000, low >> 32 == 0 else { return nil }
        return IPAddress(high: 0, low: 0xffff_0000_0000 | low)
    }

    private static let notAsked: [(block: AddressBlock, problem: String)] = [
        ("0.0.0.0/8", "is no address that can be asked"),
        ("169.254.0.0/16", "is a link-local address, where clouds have their metadata service"),
        ("224.0.0.0/3", "is no address of one machine"),
        ("::", "is no address that can be asked"),
        ("fe80::/10", "is a link-local address"),
        ("fd00:ec2::254", "is a cloud's metadata service"),
        ("fd20:ce::254", "is a cloud's metadata service"),
        ("ff00::/8", "is no address of one machine"),
    ].compactMap { text, problem in AddressBlock(text).map { ($0, problem) } }
}
