import HTTPClient
import TestKit
import Testing
import Transport

@Suite(.timeLimit(.minutes(1))) struct ProxyTests {
    @Test func `proxies of the environment are not looked at`() async {
        // In a process of its own: the environment is one for all threads.
        await #expect(processExitsWith: .success) {
            let proxy = try FaultyUpstream([.request, answer("by proxy")])
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                setEnvironment(name, "http://127.0.0.1:\(proxy.port)")
            }
            let upstream = try FaultyUpstream([.request, answer("direct")])
            try await withClient { client, _ in
                let text = try await client.text(.to(upstream.url)).text
                try #require(text == "direct")
                try #require(proxy.connections == 0)
            }
        }
    }

    @Test func `a proxy that makes no tunnel is a server out of reach, and its answer nobody's`() async throws {
        let proxy = try FaultyUpstream([
            .request, .send("HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"), .hold,
        ])
        defer { proxy.stop() }
        try await withClient { client, _ in
            var request = OutgoingRequest.to("https://upstream.invalid/v1")
            request.proxy = "http://127.0.0.1:\(proxy.port)"
            let kind = await failure { _ = try await client.send(request) }
            #expect(kind == .unreachable)
        }
        #expect(try await proxy.requestArrived().hasPrefix("CONNECT upstream.invalid:443 HTTP/1.1\r\n"))
    }

    @Test func `a proxy of the request is used, for an address that nobody has too`() async throws {
        let proxy = try FaultyUpstream([.request, answer("by proxy")])
        defer { proxy.stop() }
        try await withClient { client, _ in
            var request = OutgoingRequest.to("http://upstream.invalid/v1")
            request.proxy = "http://127.0.0.1:\(proxy.port)"
            let text = try await client.text(request).text
            #expect(text == "by proxy")
        }
        #expect(try await proxy.requestArrived().hasPrefix("POST http://upstream.invalid/v1 HTTP/1.1\r\n"))
    }
}
