internal import Base
public import HTTP
internal import Synchronization

/// A socket's client over a blocking connection, off the loops: well behaved, unless a test sends bytes of its own.
public final class WebSocketClient: Sendable {
    public let connection: TCPClient
    public let response: TestResponse
    private let state: Mutex<State>

    private struct State {
        var session: WebSocketSession
        var input: [UInt8] = []
        var position = 0
    }

    private init(_ connection: TCPClient, _ response: TestResponse) {
        self.connection = connection
        self.response = response
        state = Mutex(State(session: WebSocketSession(clientWith: SeededGenerator(seed: 1), maxMessage: 16 << 20)))
    }

    /// The request for a socket, with more fields as whole lines.
    public static func request(_ path: String = "/", _ more: String...) -> String {
        ([
            "GET \(path) HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: keep-alive, Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
        ] + more)
        .joined(separator: "\r\n") + "\r\n\r\n"
    }

    /// Connects, asks and reads the answer, which need not be 101. `behind` is sent with the request.
    public static func connect(
        _ port: UInt16, _ request: String = WebSocketClient.request(), behind: [UInt8] = [], receiveBuffer: Int32? = nil
    ) async throws -> WebSocketClient {
        let connection = try await TCPClient.connect(port, receiveBuffer: receiveBuffer)
        try await connection.send(Array(request.utf8) + behind)
        return WebSocketClient(connection, try await connection.readResponse())
    }

    public func send(_ text: String) async throws { try await send(.text, Array(text.utf8)) }

    public func send(_ opcode: WebSocketOpcode, _ payload: [UInt8]) async throws {
        try await connection.send(
            state.withLock { state in
                state.session.send(opcode, payload)
                return state.session.takeOutput()
            })
    }

    public func close(_ why: WebSocketClose) async throws {
        try await connection.send(
            state.withLock { state in
                state.session.close(why)
                return state.session.takeOutput()
            })
    }

    /// The next event, after which pings and closes are answered; `nil` at the end of the connection.
    public func next() async throws -> WebSocketSession.Event? {
        while true {
            let (event, due) = state.withLock { state in
                let event = state.session.next(state.input, from: &state.position)
                return (event, state.session.takeOutput())
            }
            if !due.isEmpty { try? await connection.send(due) }
            if let event { return event }
            guard let bytes = try await connection.read(atMost: 1 << 16) else { return nil }
            state.withLock { ($0.input, $0.position) = (bytes, 0) }
        }
    }

    /// The next message of text, whatever pings come before.
    public func text() async throws -> String {
        while let event = try await next() {
            switch event {
            case .text(let bytes): return String(decoding: bytes, as: UTF8.self)
            case .ping, .pong: continue
            default: throw NothingCame(description: "instead of a text came \(event)")
            }
        }
        throw NothingCame(description: "the connection ended before a text came")
    }

    /// How the server closes it, whatever comes before.
    public func ending() async throws -> WebSocketClose {
        while let event = try await next() {
            if case .closed(let why) = event { return why }
            if case .failed(let why) = event { throw NothingCame(description: "the server broke the protocol: \(why)") }
        }
        return .lost
    }
}
