import Base
import HTTP
import Testing

@testable import HTTPServer

@Suite struct TrustedProxiesTests {
    private static let proxies = TrustedProxies(
        ["10.0.0.0/8", "127.0.0.1", "2001:db8::/32"].compactMap { AddressBlock($0) })

    private func client(_ peer: String, _ fields: [(String, String)]) -> ClientOrigin {
        Self.proxies.client(of: PeerAddress(peer), headers: HTTPHeaders(fields))
    }

    private func address(_ peer: String, _ name: String, _ values: String...) -> String {
        client(peer, values.map { (name, $0) }).text
    }

    static let lists: [(values: [String], client: String)] = [
        ([], "10.0.0.1"), ([""], "10.0.0.1"), (["192.0.2.1"], "192.0.2.1"), (["192.0.2.1:4711"], "192.0.2.1"),
        (["6.6.6.6, 192.0.2.1"], "192.0.2.1"), (["6.6.6.6, 192.0.2.1, 10.9.9.9"], "192.0.2.1"),
        (["6.6.6.6", "192.0.2.1"], "192.0.2.1"), (["192.0.2.1,"], "192.0.2.1"), ([" ,\t192.0.2.1 , "], "192.0.2.1"),
        (["10.0.0.2, 10.0.0.3"], "10.0.0.2"), (["192.0.2.1, evil"], "10.0.0.1"),
        (["192.0.2.1, evil, 10.0.0.2"], "10.0.0.2"),
        (["192.0.2.1, unknown"], "10.0.0.1"), (["2001:DB8:1::1, 2001:db9::5"], "2001:db9::5"),
        (["[2001:db9::5]:80"], "2001:db9::5"), (["[2001:db9::5]"], "2001:db9::5"), (["[192.0.2.1]"], "10.0.0.1"),
        (["::ffff:192.0.2.1"], "192.0.2.1"), (["::ffff:10.0.0.9, ::ffff:10.0.0.8"], "10.0.0.9"),
        (["192.0.2.1:port"], "10.0.0.1"), (["192.0.2.1:"], "10.0.0.1"), (["\"6.6.6.6, 192.0.2.1"], "192.0.2.1"),
        (["127.0.0.1.evil.example"], "10.0.0.1"), (["0x7f.1"], "10.0.0.1"), (["_hidden"], "_hidden"),
    ]

    @Test(arguments: lists)
    func `the client is the rightmost hop that is no trusted proxy`(_ row: (values: [String], client: String)) {
        #expect(client("10.0.0.1", row.values.map { ("X-Forwarded-For", $0) }).text == row.client)
    }

    static let forwarded: [(values: [String], client: String)] = [
        (["for=192.0.2.1"], "192.0.2.1"), (["For=\"192.0.2.1:80\";proto=https;by=10.0.0.1"], "192.0.2.1"),
        (["for=6.6.6.6, for=192.0.2.1;by=10.0.0.2, for=10.0.0.2"], "192.0.2.1"),
        (["for=\"[2001:db9::5]:4711\""], "2001:db9::5"), (["for=[2001:db9::5]"], "2001:db9::5"),
        (["for=unknown"], "10.0.0.1"), (["for=_SEVKISEK"], "_SEVKISEK"), (["for=\"_gazonk:_port\""], "_gazonk"),
        (["for=192.0.2.1, for=_x"], "_x"), (["for=_"], "10.0.0.1"), (["proto=https"], "10.0.0.1"),
        (["for=\"192.0.2.1"], "10.0.0.1"), (["for=\"6.6.6.6, for=192.0.2.1"], "192.0.2.1"),
        (["for=\"\\1\\9\\2.0.2.1\""], "192.0.2.1"), (["for=192.0.2.1;for=6.6.6.6"], "10.0.0.1"),
        (["for=192.0.2.1;;"], "192.0.2.1"), (["for = 192.0.2.1"], "10.0.0.1"), (["192.0.2.1"], "10.0.0.1"),
        (["for=192.0.2.1;FOR=6.6.6.6"], "10.0.0.1"), (["for=192.0.2.1;a=\"\\"], "10.0.0.1"),
        (["for=192.0.2.1;a=\"b\\\"\""], "192.0.2.1"), (["for=192.0.2.1;a=\"b\\\\\"c\""], "10.0.0.1"),
        (["for=\"192.0.2.1\"x"], "10.0.0.1"), (["for="], "10.0.0.1"), (["for=6.6.6.6", "for=192.0.2.1"], "192.0.2.1"),
    ]

    @Test(arguments: forwarded)
    func `RFC 7239 says the same in its own words`(_ row: (values: [String], client: String)) {
        #expect(client("10.0.0.1", row.values.map { ("forwarded", $0) }).text == row.client)
    }

    @Test(arguments: ["192.0.2.9", "2001:db9::1", "11.0.0.1", ""])
    func `what anybody else writes is not looked at`(_ peer: String) {
        for name in ["x-forwarded-for", "forwarded"] {
            #expect(
                client(peer, [(name, "for=1.1.1.1"), (name, "1.1.1.1")]) == ClientOrigin(PeerAddress(peer)))
        }
        let none = TrustedProxies([])
        #expect(
            none.client(of: PeerAddress("127.0.0.1"), headers: ["x-forwarded-for": "1.1.1.1"]).text == "127.0.0.1")
    }

    @Test func `two headers that differ are both disbelieved, and two that agree are not`() {
        let list = ("x-forwarded-for", "6.6.6.6, 192.0.2.1")
        #expect(client("10.0.0.1", [list, ("forwarded", "for=9.9.9.9")]).text == "10.0.0.1")
        #expect(client("10.0.0.1", [list, ("forwarded", "for=\"192.0.2.1:1\";proto=https")]).text == "192.0.2.1")
        let hidden = [("x-forwarded-for", "_one"), ("forwarded", "for=_other")]
        #expect(client("10.0.0.1", hidden).text == "10.0.0.1")
        #expect(client("10.0.0.1", [("x-forwarded-for", "_one"), ("forwarded", "for=\"_one\"")]).text == "_one")
    }

    @Test func `a chain of thousands of hops ends after the first few`() {
        let hops = Array(repeating: "10.0.0.7", count: 5000)
        #expect(address("10.0.0.1", "x-forwarded-for", (["192.0.2.1"] + hops).joined(separator: ",")) == "10.0.0.7")
        #expect(address("10.0.0.1", "x-forwarded-for", String(repeating: "9", count: 30_000)) == "10.0.0.1")
    }

    @Test func `whatever a client sends before its proxy's entry changes nothing`() {
        var random = SeededGenerator(seed: 5)
        let words = [
            "1.2.3.4", "10.0.0.2", ",", "\"", "\\", ";", "for=", "_x", "[", "]", ":", " ", "é", "=", "\u{301}",
            "unknown",
        ]
        for _ in 0..<5000 {
            let given = (0..<Int.random(in: 0...10, using: &random))
                .map { _ in words[Int.random(in: 0..<words.count, using: &random)] }.joined()
            #expect(address("10.0.0.1", "x-forwarded-for", given + ", 192.0.2.1") == "192.0.2.1", "\(given)")
            #expect(address("10.0.0.1", "forwarded", given + ", for=192.0.2.1") == "192.0.2.1", "\(given)")
            #expect(address("10.0.0.1", "x-forwarded-for", given, "192.0.2.1, 10.0.0.2") == "192.0.2.1", "\(given)")
        }
    }

    @Test func `an IPv4 peer of a socket for both kinds is the same client`() {
        #expect(PeerAddress("::ffff:192.0.2.1") == PeerAddress("192.0.2.1"))
        #expect(PeerAddress("").address == nil)
    }
}
