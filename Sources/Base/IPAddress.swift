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
    public init?(_ bytes: Span<UInt8>) {
        guard (2...45).contains(bytes.count) else { return nil }
        if IPAddress.first(UInt8(ascii: ":"), in: bytes, from: 0) < bytes.count {
            guard let found = IPAddress.sixteen(bytes) else { return nil }
            self = found
        } else {
            guard let four = IPAddress.four(bytes, from: 0) else { return nil }
            self.init(high: 0, low: 0xffff_0000_0000 | UInt64(four))
        }
    }

    /// The same of a text.
    public init?(_ text: String) { self.init(text.utf8.span) }

    /// The same of a part of a text.
    public init?(_ text: Substring) { self.init(text.utf8.span) }

    /// Of IPv4, or an IPv4 address within IPv6.
    public var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

    /// Whether only this machine has it: 127.0.0.0/8 or ::1.
    public var isLoopback: Bool { isIPv4 ? low >> 24 & 0xff == 127 : high == 0 && low == 1 }

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
    public var subscriber: IPAddress { isIPv4 ? self : prefix(64) }

    /// The first place of `byte` from `start` on; the end where there is none.
    private static func first(_ byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != byte { index += 1 }
        return index
    }

    private static func four(_ bytes: Span<UInt8>, from start: Int) -> UInt32? {
        var value: UInt32 = 0
        var part: UInt32 = 0
        var digits = 0
        var dots = 0
        for index in start..<bytes.count {
            let byte = bytes[index]
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

    private static func sixteen(_ bytes: Span<UInt8>) -> IPAddress? {
        let colon = UInt8(ascii: ":")
        var groups = Groups()
        var index = 0
        if bytes[0] == colon {
            index = 1
            guard bytes[1] == colon else { return nil }
        }
        while index < bytes.count {
            if bytes[index] == colon {
                guard groups.noteGap() else { return nil }
                index += 1
                continue
            }
            let end = first(colon, in: bytes, from: index)
            if end == bytes.count, first(UInt8(ascii: "."), in: bytes, from: index) < end {
                guard let tail = four(bytes, from: index), groups.add(UInt16(tail >> 16)),
                    groups.add(UInt16(tail & 0xffff))
                else { return nil }
                break
            }
            guard let group = group(bytes, index..<end), groups.add(group) else { return nil }
            guard end < bytes.count else { break }
            index = end + 1
            // One colon must be followed by a group or by the other half of a gap.
            guard index < bytes.count else { return nil }
        }
        return groups.address
    }

    private static func group(_ bytes: Span<UInt8>, _ part: Range<Int>) -> UInt16? {
        guard (1...4).contains(part.count) else { return nil }
        var value: UInt16 = 0
        for index in part {
            let byte = bytes[index]
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
