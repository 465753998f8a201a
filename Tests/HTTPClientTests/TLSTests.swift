import HTTPClient
import TestKit
import Testing
import Transport

/// TLS is always verified. Needs the openssl command; skipped, and said so, where it is missing.
@Suite(
    .timeLimit(.minutes(1)), .serialized,
    .enabled("TLS is not tested: there is no openssl command") { TLSFixture.openssl != nil }
)
struct TLSTests {
    @Test func `a certificate is believed by its authority, name and dates alone`() async throws {
        let fixture = try await offLoop { try TLSFixture() }
        for certificate in TLSFixture.Certificate.allCases {
            try await fixture.serving(certificate) { port in
                try await withClient(certificateAuthority: fixture.authority) { client, _ in
                    let request = OutgoingRequest.to("https://127.0.0.1:\(port)/", method: "GET", body: "")
                    if certificate == .good {
                        let answer = try await client.text(request)
                        #expect(answer.status == 200)
                        #expect(answer.text.contains("s_server"))
                    } else {
                        let kind = await failure { _ = try await client.send(request) }
                        #expect(kind == .tls, "\(certificate)")
                    }
                }
            }
        }
    }

    @Test func `a name is checked as well as an address`() async throws {
        let fixture = try await offLoop { try TLSFixture() }
        try await fixture.serving(.good) { port in
            try await withClient(certificateAuthority: fixture.authority) { client, _ in
                let named = try await client.text(.to("https://localhost:\(port)/", method: "GET", body: ""))
                #expect(named.status == 200)
                let other = OutgoingRequest.to("https://127.0.0.2:\(port)/", method: "GET", body: "")
                #expect([.tls, .unreachable].contains(await failure { _ = try await client.send(other) }))
            }
        }
    }

    @Test func `the system's authorities do not vouch for a stranger, and a missing file vouches for nobody`()
        async throws
    {
        let fixture = try await offLoop { try TLSFixture() }
        try await fixture.serving(.good) { port in
            for authority in [nil, "/nonexistent/ca.pem"] {
                try await withClient(certificateAuthority: authority) { client, _ in
                    let request = OutgoingRequest.to("https://127.0.0.1:\(port)/", method: "GET", body: "")
                    #expect(await failure { _ = try await client.send(request) } == .tls)
                }
            }
        }
    }

    @Test func `a server that speaks no TLS is a failure of TLS`() async throws {
        let upstream = try FaultyUpstream([.send("HTTP/1.1 400 Bad Request\r\n\r\n"), .hold])
        defer { upstream.stop() }
        try await withClient { client, _ in
            let url = upstream.url.replacing("http:", with: "https:")
            #expect(await failure { _ = try await client.send(.to(url)) } == .tls)
        }
    }
}
