import HTTP
import Testing

@testable import Server

@Suite("The key that a request brings")
struct PresentedKeyTests {
    @Test(
        "each place that clients use, in any case of its words",
        arguments: [
            [("Authorization", "Bearer k")], [("authorization", "bearer k")], [("AUTHORIZATION", "BEARER   k")],
            [("x-api-key", "k")], [("X-API-Key", "k")], [("api-key", "k")],
            [("Sec-WebSocket-Protocol", "tutti, bearer.k")], [("sec-websocket-protocol", "bearer.k")],
            [("sec-websocket-protocol", "tutti"), ("sec-websocket-protocol", "Bearer.k")],
            [("sec-websocket-protocol", "a,\tbearer.k ,b")],
            // The same one in several places is one.
            [
                ("authorization", "Bearer k"), ("x-api-key", "k"), ("api-key", "k"),
                ("sec-websocket-protocol", "bearer.k"),
            ],
            [("authorization", "Bearer k"), ("authorization", "bearer k")],
            // The login of a proxy in front is none of ours.
            [("authorization", "Basic dTpw"), ("x-api-key", "k")],
        ])
    func one(_ fields: [(String, String)]) { #expect(PresentedKey(HTTPHeaders(fields)) == .one("k")) }

    @Test(
        "no key: other schemes, other headers, the cookie and the referring page",
        arguments: [
            [], [("authorization", "Basic dTpw")], [("authorization", "Bearerk")], [("authorization", "")],
            [("proxy-authorization", "Bearer k")], [("cookie", "authorization=Bearer k; x-api-key=k; api_key=k")],
            [("referer", "http://localhost/?api_key=k")], [("sec-websocket-protocol", "tutti, token.k, bearer")],
            [("x-authorization", "Bearer k")], [("x-api-key-2", "k")],
        ] as [[(String, String)]])
    func none(_ fields: [(String, String)]) { #expect(PresentedKey(HTTPHeaders(fields)) == .none) }

    @Test(
        "two different ones are a conflict, wherever they stand",
        arguments: [
            [("authorization", "Bearer k"), ("x-api-key", "l")], [("x-api-key", "k"), ("x-api-key", "l")],
            [("authorization", "Bearer k"), ("authorization", "Bearer l")], [("x-api-key", "k"), ("api-key", "K")],
            [("authorization", "Bearer k"), ("sec-websocket-protocol", "bearer.l")],
            [("sec-websocket-protocol", "bearer.k, bearer.l")], [("authorization", "Bearer"), ("x-api-key", "k")],
            [("x-api-key", "k"), ("x-api-key", "l"), ("x-api-key", "k")],
            // They look the same, and are not.
            [("x-api-key", "\u{e9}"), ("api-key", "e\u{301}")],
        ])
    func conflict(_ fields: [(String, String)]) { #expect(PresentedKey(HTTPHeaders(fields)) == .conflicting) }

    @Test(
        "what stands where a key belongs is a key, however odd",
        arguments: [
            ("Bearer", ""), ("Bearer ", ""), ("Bearer a b", "a b"), ("Bearer ' OR 1=1--", "' OR 1=1--"),
            ("Bearer a,b", "a,b"), ("Bearer \u{fffd}", "\u{fffd}"), ("bearer Bearer k", "Bearer k"),
        ])
    func odd(value: String, key: String) {
        #expect(PresentedKey(HTTPHeaders([("authorization", value)])) == .one(key))
    }

    @Test("bytes that are no UTF-8 and a megabyte are read like any other")
    func bytes() {
        var headers = HTTPHeaders()
        let name = Array("authorization".utf8)
        let value = Array("Bearer ".utf8) + [0xff, 0xfe, 0x80]
        headers.add(name: name.span, value: value.span)
        #expect(PresentedKey(headers) == .one("\u{fffd}\u{fffd}\u{fffd}"))
        let long = String(repeating: "x", count: 1 << 20)
        #expect(PresentedKey(HTTPHeaders([("authorization", "Bearer " + long)])) == .one(long))
        let commas = String(repeating: ",", count: 1 << 20)
        #expect(PresentedKey(HTTPHeaders([("sec-websocket-protocol", commas)])) == .none)
    }
}
