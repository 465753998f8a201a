import Base
import TestKit

@testable import Transport

/// What a stream speaks on its socket: most of what it promises holds for each.
enum Wire: CaseIterable, Sendable {
    case plain, tls12, tls13

    func context() throws -> TLSContext? {
        guard self != .plain else { return nil }
        let folder = try CertificateFolder()
        let made = try folder.make("server")
        // The files go with the folder.
        return try withExtendedLifetime(folder) { try TLSContext(certificate: made.certificate, key: made.key) }
    }

    func connect(_ port: UInt16, receiveBuffer: Int32? = nil) async throws -> WireClient {
        guard self != .plain else {
            return WireClient(socket: try await TCPClient.connect(port, receiveBuffer: receiveBuffer), tls: nil)
        }
        let peer = try TLSPeer(self == .tls12 ? .tls12 : .tls13)
        let client = try await TLSClient.connect(port, peer, receiveBuffer: receiveBuffer)
        return WireClient(socket: client.socket, tls: client)
    }
}

/// A client of a stream, plain or secured.
struct WireClient: Sendable {
    let socket: TCPClient
    let tls: TLSClient?

    func send(_ bytes: [UInt8]) async throws {
        if let tls { try await tls.send(bytes) } else { try await socket.send(bytes) }
    }

    /// Says that nothing more is sent.
    func finish() async throws {
        guard let tls else { return socket.shutdownWrites() }
        tls.peer.close()
        try await tls.push()
    }

    func read(count: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            if let tls {
                guard try await tls.pull() else { break }
                bytes += tls.peer.read()
            } else {
                guard let piece = try await socket.read(atMost: 1 << 16) else { break }
                bytes += piece
            }
        }
        return bytes
    }

    func readToEnd() async throws -> [UInt8] {
        if let tls { try await tls.readToEnd() } else { Array(try await socket.readToEnd().utf8) }
    }
}

/// A listener whose streams a test serves by `handler`, each in a task on the loop; with `context` they speak TLS.
func serveStreams<Value: Sendable>(
    secured context: TLSContext? = nil, handshakeWithin limit: Duration = .seconds(10),
    _ handler: @escaping @Sendable (TCPStream) async throws -> Void,
    _ body: (EventLoop, UInt16) async throws -> Value
) async throws -> Value {
    let loop = EventLoop()
    defer { loop.stop() }
    let listener = try TCPListener(loop: loop, address: "127.0.0.1", port: 0)
    try await Task(executorPreference: loop) {
        try listener.start { stream in
            if let context { stream.secure(with: context, handshakeWithin: limit) }
            Task(executorPreference: loop) {
                try? await handler(stream)
                stream.close()
            }
        }
    }.value
    let value = try await body(loop, listener.port)
    await Task(executorPreference: loop) { listener.close() }.value
    return value
}

/// The timers that are set on the loop.
func timers(_ loop: EventLoop) async -> Int {
    await Task(executorPreference: loop) { loop.timerCount }.value
}
