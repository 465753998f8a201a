import Base
import Identity
import Testing

@testable import Server

@Suite("The section auth")
struct AuthSectionTests {
    private static let hashes = (0..<4).map { "hmac-sha256.0000000\($0)." + String(repeating: "a\($0)", count: 32) }

    private func file(_ keys: String..., mode: String? = nil, listen: String = "127.0.0.1:80") -> String {
        let list = keys.isEmpty ? "" : "\n  keys:\n" + keys.map { "    - { \($0) }\n" }.joined()
        let section = mode.map { "\n  mode: \($0)" } ?? ""
        return "server: { listen: '\(listen)' }\nauth:\(section)\(list)"
    }

    private static func key(_ number: Int, _ more: String = "") -> String {
        "name: k\(number), hash: \(hashes[number]), tenant: acme, user: u\(number)\(more)"
    }

    @Test("a key is its caller's tenant, user and role, member where none is said, with its end where it has one")
    func keys() throws {
        let text = file(
            Self.key(0), Self.key(1, ", role: admin, expires: 2027-01-31"),
            Self.key(2, ", role: viewer, revoked: true, expires: 2027-01-31T18:00:01Z"),
            Self.key(3, ", revoked: false"))
        let auth = try load(text).configuration.auth
        #expect(auth.mode == .keys, "whoever lists keys means them")
        #expect(auth.pepper == nil)
        #expect(auth.keys.map(\.name) == ["k0", "k1", "k2", "k3"])
        #expect(auth.keys.map(\.scope).map(\.role) == [.member, .admin, .viewer, .member])
        #expect(auth.keys.map(\.scope.user) == ["u0", "u1", "u2", "u3"] && auth.keys[0].tenant == "acme")
        #expect(auth.keys.map(\.isRevoked) == [false, false, true, false])
        #expect(
            auth.keys.map(\.expires?.milliseconds) == [nil, 1_801_353_600_000, 1_801_418_401_000, nil])
        #expect(auth.keys.map(\.hash.description) == Self.hashes)
    }

    @Test("without a word of it, the mode is open, and the mode may be set by the environment")
    func modes() throws {
        #expect(try load(nil).configuration.auth == Configuration.Auth())
        #expect(try load("auth: {}").configuration.auth.mode == .open)
        #expect(try load("auth: { keys: }").configuration.auth.mode == .open)
        let environment = ["TUTTI_AUTH_MODE": "open", "TUTTI_AUTH_PEPPER": String(repeating: "p", count: 32)]
        let loaded = try load(file(Self.key(0)), environment: environment)
        #expect(loaded.configuration.auth.mode == .open)
        #expect(loaded.notices.contains("auth.keys has no effect, since auth.mode is open."))
        #expect(loaded.configuration.auth.pepper == Secret(String(repeating: "p", count: 32)))
        #expect(loaded.setting("auth.pepper") == #""***" # environment TUTTI_AUTH_PEPPER"#)
    }

    private static let name = "must be letters, digits, '.', '_', ':' and '-', at most 64."
    private static let hash = "must be what `tutti keys hash` prints: hmac-sha256, a dot, and more."
    private static let moment = "must be a day or a moment in UTC, such as 2027-01-31 or 2027-01-31T18:00:00Z."

    @Test(
        "what is wrong with a key is told with its place",
        arguments: [
            ("keys: 1", ["1:15: auth.keys must be a list of keys, such as [{ name: ci, hash: … }]."]),
            ("keys: { a: b }", ["1:15: auth.keys must be a list of keys, such as [{ name: ci, hash: … }]."]),
            ("keys: [x]", ["1:16: auth.keys[0] must be a map with name, hash, tenant and user."]),
            ("keys: [{}]", ["1:16: auth.keys[0] needs name, hash, tenant, user."]),
            ("keys: [{ \(key(0)) }, { name: x, tenant: y }]", ["1:147: auth.keys[1] needs hash, user."]),
            ("keys: [{ \(key(0)), nmae: x }]", ["1:145: Unknown key 'nmae' in auth.keys. Did you mean 'name'?"]),
            (
                "keys: [{ \(key(0, ", role: root")) }]",
                ["1:151: auth.keys[0].role must be one of viewer, member, admin."]
            ),
            (
                "keys: [{ \(key(0, ", role: admn")) }]",
                ["1:151: auth.keys[0].role must be one of viewer, member, admin. Did you mean 'admin'?"]
            ),
            ("keys: [{ \(key(0, ", revoked: yes")) }]", ["1:154: auth.keys[0].revoked must be true or false."]),
            ("keys: [{ \(key(0, ", expires: 2027-02-29")) }]", ["1:154: auth.keys[0].expires \(moment)"]),
            ("keys: [{ name: a b }]", ["1:24: auth.keys[0].name \(name)"]),
            ("keys: [{ hash: sk-plain }]", ["1:24: auth.keys[0].hash \(hash)"]),
            ("keys: [{ tenant: '' }]", ["1:26: auth.keys[0].tenant \(name)"]),
            ("keys: []\n  , mode: keys", []),
            ("mode: closed", ["1:15: auth.mode must be one of open, keys."]),
            ("pepper: short", ["1:17: auth.pepper must be a text of 32 to 1024 printable characters without spaces."]),
            ("kyes: []", ["1:9: Unknown key 'kyes' in auth. Did you mean 'keys'?"]),
        ])
    func wrong(section: String, expected: [String]) {
        let found = problems("auth: { \(section) }")
        if expected.isEmpty {
            #expect(found.count == 1 && found[0].hasSuffix("nobody could ask. Make one with `tutti keys new`."))
        } else {
            #expect(found == expected.map { "tutti.yaml:\($0)" })
        }
    }

    @Test("two keys have two names and two hashes")
    func duplicates() {
        let twins = problems(file(Self.key(0), Self.key(0)))
        #expect(
            twins == ["tutti.yaml:5:7: auth.keys[1] has the name of another key; names tell keys apart in the log."])
        let same = problems(file(Self.key(0), "name: b, hash: \(Self.hashes[0]), tenant: t, user: u"))
        #expect(
            same == ["tutti.yaml:5:7: auth.keys[1] has the hash of the key 'k0'; one key can be one caller's only."])
    }

    @Test("beyond loopback the server listens with keys alone, and both remedies are told")
    func beyond() throws {
        for listen in ["0.0.0.0:80", "[::]:80", "192.0.2.7:80"] {
            let found = problems(file(listen: listen))
            #expect(found.count == 1)
            #expect(found.first?.contains("`tutti keys new`") == true)
            #expect(found.first?.contains("listen on 127.0.0.1:80") == true)
            #expect(problems(file(mode: "open", listen: listen)) == found, "saying it aloud changes nothing")
            #expect(problems(file(Self.key(0), mode: "open", listen: listen)).count == 1)
            #expect(problems(file(Self.key(0), listen: listen)).isEmpty)
            #expect(problems(file(Self.key(0), mode: "keys", listen: listen)).isEmpty)
            #expect(problems(file(mode: "keys", listen: listen)).count == 1, "keys without a key")
            #expect(problems(nil, flags: ConfigurationFlags(listen: listen)).count == 1)
            // Whose only key is wrong hears of that, and not that there is none.
            let slip = problems(file("name: a", listen: listen))
            #expect(slip == ["tutti.yaml:4:7: auth.keys[0] needs hash, tenant, user."])
        }
    }

    @Test("behind a proxy, where strangers come from loopback, the server starts with keys alone")
    func behindProxy() throws {
        let proxies = "server: { trusted_proxies: [127.0.0.1] }\n"
        let keys = "  keys: [{ \(Self.key(0)) }]\n"
        for auth in ["", "auth: { mode: open }\n", "auth:\n  mode: open\n" + keys] {
            let found = problems(proxies + auth)
            #expect(found.count == 1)
            #expect(found.first?.hasPrefix("tutti.yaml:1:28: server.trusted_proxies puts") == true)
            #expect(found.first?.contains("`tutti keys new`") == true)
        }
        #expect(problems(proxies + "auth:\n" + keys).isEmpty)
        #expect(problems("server: { trusted_proxies: [] }").isEmpty)
        #expect(problems(nil, environment: ["TUTTI_SERVER_TRUSTED_PROXIES": "::1"]).count == 1)
        var first = ConfigurationFlags()
        first.makesKeys = true
        #expect(problems(proxies, flags: first).isEmpty)
    }

    @Test("the command that makes the first key is not refused for want of one, but for all else")
    func firstKey() throws {
        var flags = ConfigurationFlags(listen: "0.0.0.0:80")
        flags.makesKeys = true
        #expect(problems("auth: { mode: keys }", flags: flags).isEmpty)
        #expect(problems("auth: { mode: keys }", flags: flags, hasLocalModel: false).isEmpty, "nor for want of a model")
        #expect(problems("auth: { keys: [{}] }", flags: flags).count == 1)
        #expect(problems("servr: {}", flags: flags).count == 1)
    }

    @Test("config show tells the keys without their hashes, as YAML")
    func shown() throws {
        let loaded = try load(file(Self.key(0), Self.key(1, ", role: admin, revoked: true, expires: 2027-01-31")))
        let text = ConfigCommand.yaml(loaded.settings)
        #expect(
            text.contains(
                #"keys: [{ name: k0, hash: "***", tenant: acme, user: u0, role: member }, "#
                    + #"{ name: k1, hash: "***", tenant: acme, user: u1, role: admin, revoked: true, expires: 2027-01-31 }]"#
            ))
        #expect(!text.contains("hmac-sha256") && !text.contains("a0a0"))
        #expect(loaded.setting("auth.mode")?.hasPrefix("keys # tutti.yaml:") == true)
        #expect(YAMLTree.read(Array(text.utf8)).problems.isEmpty)
    }
}
