import Base
import HTTP
import Testing

@testable import Server

@Suite("Hosts and origins")
struct HostAndOriginTests {
    private static let check = HostAndOrigin(
        hosts: ["ai.example.org", "box:9000"], origins: ["https://app.example.org", "http://tool.example:8443"])

    private func code(host: String?, origins: [String] = []) -> ErrorCode? {
        let headers = HTTPHeaders(origins.map { ("Origin", $0) })
        let head = RequestHead(method: "POST", target: "/", path: "/", headers: headers, host: host)
        do throws(CodedError) { try Self.check.check(head) } catch { return error.code }
        return nil
    }

    @Test(
        "IP literals, localhost and configured names are hosts of ours, with a port and without",
        arguments: [
            "localhost", "LOCALHOST", "localhost:8080", "localhost:", "127.0.0.1", "127.0.0.1:1", "10.1.2.3",
            "0.0.0.0:65535", "[::1]", "[::1]:8080", "[fe80::1]", "[2001:db8:0:0:0:0:0:1]:80", "ai.example.org",
            "AI.Example.org:8080", "box:9000",
        ])
    func known(_ host: String) { #expect(code(host: host) == nil) }

    @Test(
        "every other name is refused, however it looks like one of ours",
        arguments: [
            "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1.evil.example:80",
            "evil.example:127.0.0.1", "127.0.0.1:80:80", "127.0.0.1:x", "127.0.0.1:1234567", "127.1", "0x7f000001",
            "2130706433", "127.0.0.01", "1.2.3.256", "[::1", "::1", "[::1]x", "[::1]:x", "[evil.example]", "[]",
            "sub.ai.example.org", "box", "box:9001", "localhost.", "localhost@evil.example", " localhost",
        ])
    func unknown(_ host: String) { #expect(code(host: host) == .forbiddenHost) }

    @Test("a host that was accepted a moment ago makes no other one acceptable")
    func remembered() {
        let check = HostAndOrigin(hosts: [], origins: [])
        for (host, isOurs) in [("localhost:1", true), ("evil.example", false), ("localhost:1", true), ("", false)] {
            let head = RequestHead(method: "GET", target: "/", path: "/", host: host)
            #expect(((try? check.check(head)) != nil) == isOurs)
        }
    }

    @Test("a request without a host is refused") func missing() { #expect(code(host: nil) == .forbiddenHost) }

    static let allowedOrigins: [(origin: String, host: String)] = [
        ("http://127.0.0.1:8080", "127.0.0.1:8080"), ("https://localhost", "localhost"),
        ("HTTP://LocalHost:8080", "localhost:8080"), ("https://app.example.org", "127.0.0.1:8080"),
        ("HTTPS://APP.example.org", "[::1]:8080"), ("http://tool.example:8443", "localhost"),
    ]

    @Test("the server's own pages and configured origins may send requests", arguments: allowedOrigins)
    func ownOrigin(_ row: (origin: String, host: String)) {
        #expect(code(host: row.host, origins: [row.origin]) == nil)
    }

    @Test(
        "every other web page is refused: other ports, names, schemes, `null` and the empty origin",
        arguments: [
            "https://evil.example", "null", "", "http://127.0.0.1:8081", "http://127.0.0.1", "http://localhost:8080",
            "http://127.0.0.1:8080.evil.example", "http://127.0.0.1:8080/", "ftp://127.0.0.1:8080", "127.0.0.1:8080",
            "http://app.example.org", "https://app.example.org:443", "https://app.example.org.evil.example",
            "http://127.0.0.1:8080 https://evil.example",
        ])
    func foreignOrigin(_ origin: String) {
        #expect(code(host: "127.0.0.1:8080", origins: [origin]) == .forbiddenOrigin)
    }

    @Test("two origins are refused, even of which both are ours")
    func twoOrigins() {
        let own = "http://localhost"
        #expect(code(host: "localhost", origins: [own]) == nil)
        #expect(code(host: "localhost", origins: [own, own]) == .forbiddenOrigin)
    }

    @Test("a rebound name fails by its host, although its origin fits")
    func rebound() {
        #expect(code(host: "evil.example", origins: ["http://evil.example"]) == .forbiddenHost)
    }
}
