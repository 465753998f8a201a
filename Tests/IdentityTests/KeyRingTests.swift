import Base
import Identity
import Testing

@Suite("The key ring")
struct KeyRingTests {
    private static let pepper = Pepper(Secret(String(repeating: "p", count: 40)))
    private static let end = WallTime(milliseconds: 1_000_000)

    private static func text(_ name: String) -> String { "\(name)-" + String(repeating: "k", count: 40) }

    private func key(
        _ name: String, tenant: String = "t", role: Scope.Role = .member, isRevoked: Bool = false,
        expires: WallTime? = nil
    ) throws -> CallerKey {
        let pepper = try #require(Self.pepper)
        let hash = try #require(pepper.hash(Array(Self.text(name).utf8)))
        return CallerKey(
            name: name, hash: hash, tenant: tenant, user: "u-\(name)", role: role, isRevoked: isRevoked,
            expires: expires)
    }

    private func ring() throws -> KeyRing {
        try KeyRing(
            [
                try key("a"), try key("b", tenant: "other", role: .admin), try key("gone", isRevoked: true),
                try key("old", expires: Self.end), try key("both", isRevoked: true, expires: Self.end),
            ], pepper: try #require(Self.pepper))
    }

    @Test("a key gives its scope, under its own name")
    func valid() throws {
        let ring = try ring()
        #expect(ring.count == 5)
        #expect(
            ring.verdict(on: Self.text("a"), at: Self.end)
                == .valid(Scope(tenant: "t", user: "u-a", key: "a", role: .member)))
        #expect(
            ring.verdict(on: Self.text("b"), at: Self.end)
                == .valid(Scope(tenant: "other", user: "u-b", key: "b", role: .admin)))
    }

    @Test("a key ends at the moment when it expires, not before")
    func expiry() throws {
        let ring = try ring()
        let before = WallTime(milliseconds: Self.end.milliseconds - 1)
        #expect(
            ring.verdict(on: Self.text("old"), at: before)
                == .valid(Scope(tenant: "t", user: "u-old", key: "old", role: .member)))
        #expect(ring.verdict(on: Self.text("old"), at: Self.end) == .expired(name: "old"))
        #expect(ring.verdict(on: Self.text("gone"), at: before) == .revoked(name: "gone"))
        #expect(ring.verdict(on: Self.text("both"), at: Self.end) == .revoked(name: "both"))
    }

    @Test("nothing else is a key: not a part of one, not one with more, not its hash, not what is far too long")
    func unknown() throws {
        let ring = try ring()
        let pepper = try #require(Self.pepper)
        let right = Self.text("a")
        let hash = try #require(pepper.hash(Array(right.utf8))).description
        let stand = String(repeating: ".", count: 32)
        for text in [
            "", " ", right + " ", " " + right, right + "k", String(right.dropLast()), right.uppercased(), hash,
            "' OR 1=1--", "\u{0}", "\u{fffd}", stand, String(repeating: right, count: 7),
            String(repeating: "x", count: 1_000_000),
        ] {
            #expect(ring.verdict(on: text, at: Self.end) == .unknown, "\(text.prefix(40))")
        }
        // Even where the text that takes the place of a long one is somebody's key.
        let odd = CallerKey(
            name: "odd", hash: try #require(pepper.hash(Array(stand.utf8))), tenant: "t", user: "u", role: .admin)
        let second = try KeyRing([odd], pepper: pepper)
        #expect(second.verdict(on: String(repeating: "x", count: 257), at: Self.end) == .unknown)
    }

    @Test("hashes of another pepper are told at once, by the names of their keys")
    func otherPepper() throws {
        let other = try #require(Pepper(Secret(String(repeating: "q", count: 40))))
        let keys = try (0..<5).map { try key("k\($0)") }
        let error = #expect(throws: CodedError.self) { try KeyRing(keys, pepper: other) }
        #expect(error?.code == .keysUnusable)
        #expect(error?.message.contains("k0, k1, k2 and 2 more") == true)
    }

    @Test("an empty ring knows nobody")
    func empty() throws {
        let ring = try KeyRing([], pepper: try #require(Self.pepper))
        #expect(ring.verdict(on: Self.text("a"), at: Self.end) == .unknown)
        #expect(ring.verdict(on: "", at: Self.end) == .unknown)
    }
}
