import Base
import Testing

@testable import Server

@Suite("Single values")
struct ValueTests {
    @Test(
        "durations",
        arguments: [
            ("200ms", .milliseconds(200)), ("0s", .zero), ("5s", .seconds(5)), ("5m", .seconds(300)),
            ("1h", .seconds(3600)), ("5", nil), ("s", nil), ("", nil), ("-5s", nil), ("5 s", nil), ("5.5s", nil),
            ("5S", nil), ("5d", nil), ("999999999999999999h", nil), ("99999999999999999999s", nil), ("٥s", nil),
        ] as [(String, Duration?)])
    func durations(text: String, expected: Duration?) {
        #expect(Quantities.duration(text) == expected)
    }

    @Test("durations are written so that they read back", arguments: [0, 1, 999, 1000, 1500, 300_000, 86_400_000])
    func durationsReadBack(milliseconds: Int) {
        let duration = Duration.milliseconds(milliseconds)
        #expect(Quantities.duration(Quantities.text(duration)) == duration)
    }

    @Test(
        "sizes",
        arguments: [
            ("0", 0), ("17", 17), ("17B", 17), ("64KB", 65_536), ("50MB", 52_428_800), ("1GB", 1 << 30), ("1kb", nil),
            ("1TB", nil), ("MB", nil), ("-1", nil), ("1.5MB", nil), ("999999999999999999GB", nil),
        ] as [(String, Int?)])
    func sizes(text: String, expected: Int?) {
        #expect(Quantities.size(text) == expected)
    }

    @Test("sizes are written so that they read back", arguments: [0, 1, 1023, 1024, 1025, 10 << 20, 3 << 30])
    func sizesReadBack(bytes: Int) {
        #expect(Quantities.size(Quantities.text(bytes: bytes)) == bytes)
    }

    @Test(
        "addresses to listen on",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1:8080", true), ("localhost:0", "127.0.0.1:0", true),
            ("127.9.9.9:1", "127.9.9.9:1", true), ("[::1]:8080", "[::1]:8080", true),
            ("[0:0:0:0:0:0:0:1]:80", "[0:0:0:0:0:0:0:1]:80", true), ("0.0.0.0:80", "0.0.0.0:80", false),
            ("[::]:80", "[::]:80", false), ("[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:80", true),
            ("[::ffff:1.2.3.4]:80", "[::ffff:1.2.3.4]:80", false), ("[fe80::1]:80", "[fe80::1]:80", false),
            ("128.0.0.1:80", "128.0.0.1:80", false),
        ])
    func listenAddresses(text: String, shown: String, isLoopback: Bool) throws {
        let address = try #require(ListenAddress(text))
        #expect(address.description == shown)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(
        "what is no address to listen on",
        arguments: [
            "", ":", ":8080", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:8x",
            "256.0.0.1:80", "1.2.3:80", "1.2.3.4.5:80", "01.2.3.4:80", "example.org:80", "::1:80", "[::1]", "[::1",
            "[:::1]:80", "[1::2::3]:80", "[12345::]:80", "[::1%eth0]:80", "[+1::]:80", "[1:2:3:4:5:6:7:8:9]:80",
            "[1:2:3:4:5:6:7]:80", "[]:80", "[1.2.3.4]:80", " 127.0.0.1:80",
        ])
    func noListenAddress(text: String) {
        #expect(ListenAddress(text) == nil)
    }

    @Test(
        "base URLs",
        arguments: [
            ("https://api.example.org/v1", "https://api.example.org/v1", "api.example.org", 443, "/v1", false),
            ("HTTP://Example.ORG/", "http://example.org", "example.org", 80, "", false),
            ("http://localhost:11434/v1//", "http://localhost:11434/v1", "localhost", 11434, "/v1", true),
            ("http://[::1]:9/x", "http://[::1]:9/x", "::1", 9, "/x", true),
            ("http://127.0.0.1", "http://127.0.0.1", "127.0.0.1", 80, "", true),
        ])
    func baseURLs(text: String, shown: String, host: String, port: Int, path: String, isLoopback: Bool) throws {
        let url = try #require(BaseURL(text))
        #expect(url.text == shown)
        #expect(url.host == host)
        #expect(Int(url.port) == port)
        #expect(url.path == path)
        #expect(url.isLoopback == isLoopback)
    }

    @Test(
        "what is no base URL",
        arguments: [
            "", "example.org", "//example.org", "ftp://example.org", "file:///etc/passwd", "https://", "https:///v1",
            "https://user@example.org", "https://user:word@example.org", "https://example.org#x",
            "https://example.org?x=1", "https://example.org/a b", "https://example.org/\r\nx", "https://example.org:0",
            "https://example.org:65536", "https://example.org:", "https://[::1", "https://[x]", "https://exämple.org",
            "https://a\\b", "https://.example.org", "javascript://example.org",
        ])
    func noBaseURL(text: String) {
        #expect(BaseURL(text) == nil)
    }

    @Test(
        "names",
        arguments: [
            ("groq", true, true, true), ("a.b_c:d-e", true, true, true), ("a/b", false, true, true),
            ("persona", false, true, true), ("persona/x", false, false, true), ("plan/x", false, false, true),
            ("planner/x", false, true, true), ("a//b", false, false, true), ("/a", false, false, true),
            ("", false, false, false), ("a b", false, false, false), ("ä", false, false, false),
            ("a\n", false, false, false), ("a@b", false, false, true),
            (String(repeating: "a", count: 129), false, false, false),
        ])
    func names(text: String, isProvider: Bool, isAlias: Bool, isModel: Bool) {
        #expect(Names.isProvider(text) == isProvider)
        #expect(Names.isAlias(text) == isAlias)
        #expect(Names.isModel(text) == isModel)
    }

    @Test(
        "origins",
        arguments: [
            ("https://app.example.org", true), ("http://localhost:3000", true), ("chrome-extension://abc", true),
            ("*", false), ("null", false), ("https://a/", false), ("https://a/b", false), ("app.example.org", false),
        ])
    func origins(text: String, isOrigin: Bool) {
        #expect(Names.isOrigin(text) == isOrigin)
    }

    @Test("a secret shows in no way but one")
    func secret() {
        let secret = Secret("canary")
        var dumped = ""
        dump(["key": secret], to: &dumped)
        let shown = [
            "\(secret)", String(reflecting: secret), String(describing: [secret]), "\(Optional(secret) as Any)", dumped,
        ]
        for text in shown {
            #expect(!text.contains("canary"))
            #expect(text.contains("***") || text == dumped)
        }
        #expect(secret.reveal() == "canary")
        #expect(secret == Secret("canary"))
        #expect(secret != Secret("other"))
    }

    @Test("single values are written so that YAML reads the same text")
    func yamlText() {
        let texts = [
            "a", "", "***", "~", "null", "a: b", "a:", "-", "- a", "#x", "x #y", "127.0.0.1:8080", "[::1]:8080", "a,b",
            "{", "}", "\"", "\\", "'", "\n", "\u{1}", "\u{85}", "\u{2028}", "ä", "😀", "@x", "%x", "`", "./data", "?",
            "!a",
            "&a", "*a", " a ", "a/b@c+d~e%f",
        ]
        for text in texts {
            let line = "k: \(YAMLText.value([text, text], isList: true))"
            guard case .map(let entries)? = YAMLTree.read(Array(line.utf8)).root?.value,
                case .list(let items)? = entries.first?.node.value
            else {
                Issue.record("not read back: \(line)")
                continue
            }
            for item in items {
                guard case .scalar(let read, _) = item.value else {
                    Issue.record("no scalar: \(line)")
                    continue
                }
                #expect(read == text)
                #expect(!item.isNull)
            }
        }
    }
}
