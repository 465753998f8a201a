import Base
import HTTP
import HTTPClient
import TestKit
import Testing
import Transport

/// Runs `body` with a client on loops of its own, and shuts it down.
func withClient<Value: Sendable>(
    loops: Int = 1, certificateAuthority: String? = nil,
    _ body: @escaping @Sendable (HTTPClient, EventLoop) async throws -> Value
) async throws -> Value {
    let group = EventLoopGroup(count: loops)
    defer { group.stop() }
    var configuration = HTTPClient.Configuration()
    configuration.certificateAuthority = certificateAuthority
    let client = HTTPClient(group: group, configuration: configuration)
    let outcome = await Task(executorPreference: group.loops[0]) { try await body(client, group.loops[0]) }.result
    await client.shutdown()
    return try outcome.get()
}

/// Why a call failed; an issue and `nil` when it did not.
func failure(
    _ call: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
) async -> HTTPClientError.Kind? {
    await #expect(throws: HTTPClientError.self, sourceLocation: sourceLocation) { try await call() }?.kind
}

extension OutgoingRequest {
    /// A call with short time limits, which a test can afford to let pass.
    static func to(
        _ url: String, method: String = "POST", headers: HTTPHeaders = HTTPHeaders(), body: String = "{}",
        connect: Duration = .seconds(5), firstByte: Duration = .seconds(10), betweenBytes: Duration = .seconds(10),
        total: Duration = .seconds(20), maxBody: Int = 64 << 20,
        token: CancellationToken? = nil
    ) -> OutgoingRequest {
        OutgoingRequest(
            method: method, url: url, headers: headers, body: Array(body.utf8),
            timeouts: Timeouts(connect: connect, firstByte: firstByte, betweenBytes: betweenBytes, total: total),
            maxBodyBytes: maxBody, token: token)
    }
}

extension HTTPClient {
    /// The status and the whole body of one call.
    func text(_ request: OutgoingRequest) async throws -> (status: Int, text: String) {
        let response = try await send(request)
        let body = try await response.body.collect(limit: 64 << 20)
        return (response.status, String(decoding: body, as: UTF8.self))
    }
}

/// A whole answer with that body.
func answer(_ body: String, _ head: String = "HTTP/1.1 200 OK\r\n") -> FaultyUpstream.Step {
    .send("\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
}
