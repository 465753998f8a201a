/// An IPv4 or IPv6 address as one 128-bit number: IPv4 lies where IPv6 maps it (`::ffff:0:0/96`), so that both
/// spellings of an address are one.
public struct IPAddress: Hashable, Sendable {
    let high: UInt64
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A numeric address without brackets, port or zone, in the usual spellings; `nil` for anything else. IPv4 in four
    /// decimal parts without leading zeros; IPv6 in at most eight groups, its end dotted or not. O(its length, at most
    /// 45 bytes), without an allocation.
    public init?(_ text: some StringProtocol) {
        let bytes = text.utf8
        guard (2...45).contains(bytes.count) else { return nil }
        if bytes.contains(UInt8(ascii: ":")) {
            guard let found = IPAddress.sixteen(bytes) else { return nil }
            self = found
        } else {
            guard let four = IPAddress.four(bytes) else { return nil }
            self.init(high: 0, low: 0xffff_0000_0000 | UInt64(four))
        }
    }

    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// The address with all but its first `length` bits zero; of IPv4 that counts the 96 bits before it too.
    func prefix(_ length: Int) -> IPAddress {
        IPAddress(
            high: length >= 64 ? high : high & IPAddress.mask(length),
            low: length <= 64 ? 0 : low & IPAddress.mask(length - 64))
    }

    private static func mask(_ bits: Int) -> UInt64 {
        if bits <= 0 { return 0 }
        return bits >= 64 ? .max : ~(UInt64.max >> UInt64(bits))
    }

    /// What counts as one client: an IPv4 address, the first 64 bits of an IPv6 address, which one subscriber has for
    /// itself.
    var subscriber: IPAddress { isIPv4 ? self : prefix(64) }

    private static func four(_ bytes: some Sequence<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var dots = 0
        for byte in bytes {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                value = value << 8 | part
                (part, digits, dots) = (0, 0, dots + 1)
                continue
            }
            guard (0x30...0x39).contains(byte), digits == 0 || part > 0 else { return nil }
            part = part * 10 + UInt32(byte - 0x30)
            digits += 1
            guard part <= 255 else { return nil }
        }
        return dots == 3 && digits > 0 ? value << 8 | part : nil
    }

    private static func sixteen(_ bytes: some Collection<UInt8>) -> IPAddress? {
        let colon = UInt8(ascii: ":")
        var groups = Groups()
        var index = bytes.startIndex
        if bytes.first == colon {
            index = bytes.index(after: index)
            guard index < bytes.endIndex, bytes[index] == colon else { return nil }
        }
        while index < bytes.endIndex {
            if bytes[index] == colon {
                guard groups.noteGap() else { return nil }
                index = bytes.index(after: index)
                continue
            }
            let end = bytes[index...].firstIndex(of: colon) ?? bytes.endIndex
            let part = bytes[index..<end]
            if end == bytes.endIndex, part.contains(UInt8(ascii: ".")) {
                guard let tail = four(part), groups.add(UInt16(tail >> 16)), groups.add(UInt16(tail & 0xffff)) else {
                    return nil
                }
                break
            }
            guard let group = group(part), groups.add(group) else { return nil }
            guard end < bytes.endIndex else { break }
            index = bytes.index(after: end)
            // One colon must be followed by a group or by the other half of a gap.
            guard index < bytes.endIndex else { return nil }
        }
        return groups.address
    }

    private static func group(_ part: some Collection<UInt8>) -> UInt16? {
        guard (1...4).contains(part.count) else { return nil }
        var value: UInt16 = 0
        for byte in part {
            let letter = (byte | 0x20) &- 0x61
            let digit = (0x30...0x39).contains(byte) ? byte - 0x30 : letter < 6 ? letter + 10 : 255
            guard digit < 16 else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }

    /// The groups before and behind the gap.
    private struct Groups {
        private var head = IPAddress(high: 0, low: 0)
        private var tail = IPAddress(high: 0, low: 0)
        private var count = 0
        private var behindGap = 0
        private var hasGap = false

        mutating func noteGap() -> Bool {
            defer { hasGap = true }
            return !hasGap
        }

        mutating func add(_ group: UInt16) -> Bool {
            guard count < 8 else { return false }
            count += 1
            if hasGap {
                behindGap += 1
                tail = Groups.pushed(tail, group)
            } else {
                head = Groups.pushed(head, group)
            }
            return true
        }

        private static func pushed(_ value: IPAddress, _ group: UInt16) -> IPAddress {
            IPAddress(high: value.high << 16 | value.low >> 48, low: value.low << 16 | UInt64(group))
        }

        var address: IPAddress? {
            guard hasGap ? count < 8 : count == 8 else { return nil }
            var high = head.high
            var low = head.low
            for _ in 0..<(8 - (count - behindGap)) { (high, low) = (high << 16 | low >> 48, low << 16) }
            return IPAddress(high: high | tail.high, low: low | tail.low)
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// Dotted for IPv4; for IPv6 in lower case, the longest run of at least two zero groups as `::` (RFC 5952).
    public var description: String {
        if isIPv4 {
            return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)"
        }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64((3 - $0 % 4) * 16)) }
        var gap = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(1, gap.count) { gap = start..<end }
            start = max(end, start + 1)
        }
        func text(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        return gap.isEmpty
            ? text(groups[...]) : text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
    }
}

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
