public import Base
public import HTTP
public import HTTPServer
public import Transport

/// An HTTP server on loops of its own and a free port of 127.0.0.1.
public struct TestServer: Sendable {
    public let group: EventLoopGroup
    public let server: HTTPServer
    public let port: UInt16

    /// Runs `body` against a server, then drains it and stops its loops.
    public static func run<Value: Sendable>(
        loops: Int = 1, limits: ServerLimits = ServerLimits(), time: any TimeSource = TestClock(),
        tls: TLSContext? = nil, handler: @escaping HTTPServer.Handler, _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        let group = EventLoopGroup(count: loops)
        defer { group.stop() }
        let server = HTTPServer(
            group: group, limits: limits, time: time, protocolError: Response.failure, handler: handler)
        let port = try await server.start(address: "127.0.0.1", port: 0, tls: tls)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(TestServer(group: group, server: server, port: port)))
        } catch {
            outcome = .failure(error)
        }
        await server.drain(grace: .zero)
        return try outcome.get()
    }

    /// The same for handlers that answer whole.
    public static func run<Value: Sendable>(
        loops: Int = 1, limits: ServerLimits = ServerLimits(), time: any TimeSource = TestClock(),
        tls: TLSContext? = nil, answer: @escaping @Sendable (Request) async -> Response,
        _ body: (TestServer) async throws -> Value
    ) async throws -> Value {
        try await run(
            loops: loops, limits: limits, time: time, tls: tls,
            handler: { request, writer in await writer.send(await answer(request)) }, body)
    }

    public func connect(receiveBuffer: Int32? = nil) async throws -> TCPClient {
        try await TCPClient.connect(port, receiveBuffer: receiveBuffer)
    }
}

extension Response {
    /// A plain text answer.
    public static func text(_ text: String, status: Int = 200, headers: HTTPHeaders = HTTPHeaders()) -> Response {
        Response(status: status, headers: headers, body: Array(text.utf8))
    }

    /// An error as a plain text answer: `code: message`.
    public static func failure(_ error: CodedError) -> Response {
        text(error.description, status: error.code.status)
    }
}
