import Testing

@testable import Base

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("192.0.2.1", "192.0.2.1"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
        ("::1", "::1"), ("1::", "1::"), ("2001:DB8::00a1", "2001:db8::a1"), ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"), ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("::ffff:1.2.3.4", "1.2.3.4"),
        ("::ffff:102:304", "1.2.3.4"), ("0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4"), ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
    ])
    func `addresses are read in each of their spellings and written in one`(_ text: String, _ canonical: String) {
        #expect(IPAddress(text)?.description == canonical)
        #expect(IPAddress(canonical) == IPAddress(text))
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1..2.3", ".1.2.3", "1.2.3.", "1.2.3.+4",
        "0x7f.0.0.1", "2130706433", "127.1", ":", ":::", "1:", ":1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::", "1::2::3", "1:::2", "12345::", "g::", "::1%lo", "[::1]", "::1.2.3", "1.2.3.4::",
        "::1.2.3.4:5", " ::1", "1.2.3.4 ", "::ffff:1.2.3.256", "1:2:3:4:5:6:7:1.2.3.4", "-1::", "+1::",
    ])
    func `anything else is none`(_ text: String) { #expect(IPAddress(text) == nil) }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.9.9.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("128.0.0.1", false),
        ("126.255.255.255", false), ("0.0.0.0", false), ("::", false), ("::2", false), ("1::1", false),
        ("::7f00:1", false),
    ])
    func `loopback is what only this machine has`(_ text: String, _ isLoopback: Bool) throws {
        #expect(try #require(IPAddress(text)).isLoopback == isLoopback)
    }

    @Test(arguments: [
        ("169.254.169.254", true), ("::ffff:169.254.169.254", true), ("64:ff9b::a9fe:a9fe", true), ("fe80::1", true),
        ("febf::1", true), ("fd00:ec2::254", true), ("fd20:ce::254", true), ("0.0.0.0", true), ("::", true),
        ("239.1.1.1", true), ("ff02::1", true), ("127.0.0.1", false), ("::1", false), ("10.0.0.7", false),
        ("192.168.1.2", false), ("169.253.1.1", false), ("100.64.0.1", false), ("fd00::7", false),
        ("fd00:ec2::253", false), ("fec0::1", false), ("64:ff9b::7f00:1", false), ("64:ff9b::808:808", false),
        ("93.184.216.34", false), ("2001:db8::1", false),
    ])
    func `nobody is asked where clouds have their secrets or no machine is`(_ text: String, _ isRefused: Bool) throws {
        #expect((try #require(IPAddress(text)).destinationProblem != nil) == isRefused)
    }

    @Test func `a subscriber has one IPv4 address, or the first 64 bits of IPv6`() {
        func subscriber(_ text: String) -> IPAddress? { IPAddress(text)?.subscriber }
        #expect(subscriber("192.0.2.1") == subscriber("::ffff:192.0.2.1"))
        #expect(subscriber("::ffff:192.0.2.1") != subscriber("::ffff:192.0.2.2"))
        #expect(subscriber("2001:db8:1:2:3:4:5:6") == subscriber("2001:db8:1:2:9:9:9:9"))
        #expect(subscriber("2001:db8:1:2:3:4:5:6") != subscriber("2001:db8:1:3:3:4:5:6"))
        #expect(subscriber("::1") != subscriber("0.0.0.0"))
    }

    @Test func `ten thousand random addresses are read as they are written`() {
        var random = SeededGenerator(seed: 8)
        for round in 0..<10_000 {
            var high = random.next()
            var low = random.next()
            // Zeros are what the short spelling is about.
            for shift in stride(from: 0, to: 64, by: 16) where Int.random(in: 0..<3, using: &random) > 0 {
                if round % 2 == 0 { high &= ~(0xffff << UInt64(shift)) } else { low &= ~(0xffff << UInt64(shift)) }
            }
            let address = IPAddress(high: high, low: low)
            #expect(IPAddress(address.description) == address, "\(address)")
        }
    }

    @Test func `random text never traps`() {
        var random = SeededGenerator(seed: 9)
        let words = ["1", "255", "ffff", ":", "::", ".", "%", "g", "1.2.3.4", "é", ""]
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 0...12, using: &random))
                .map { _ in words[Int.random(in: 0..<words.count, using: &random)] }.joined()
            guard let address = IPAddress(text) else { continue }
            #expect(IPAddress(address.description) == address, "\(text)")
        }
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("10.0.0.0/8", "a00::1", false), ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false),
        ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "2001:db8::1", true),
        ("::/0", "1.2.3.4", true), ("2001:db8::/33", "2001:db8:7fff::1", true),
        ("2001:db8::/33", "2001:db8:8000::", false),
        ("::1", "::1", true), ("2001:db8::1:0/112", "2001:db8::1:ffff", true),
        ("2001:db8::1:0/112", "2001:db8::2:0", false),
    ])
    func `a block holds what begins as it does`(_ block: String, _ address: String, _ isInside: Bool) throws {
        #expect(try #require(AddressBlock(block)).contains(#require(IPAddress(address))) == isInside)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.1/8", "::/129", "::1/64", "a/8",
        "10.0.0.0/8/8", "10.0.0.0/ 8", "10/8", "[::]/0", "10.0.0.0/99999999999999999999",
    ])
    func `what is no block, or has more bits than it says, is refused`(_ text: String) {
        #expect(AddressBlock(text) == nil)
    }
}
