/// A TLS client over a blocking socket, for tests of what a server does with its connections.
public final class TLSClient: Sendable {
    public let socket: TCPClient
    public let peer: TLSPeer

    private init(_ socket: TCPClient, _ peer: TLSPeer) {
        self.socket = socket
        self.peer = peer
    }

    /// Connects and shakes hands. Throws when the server ends the connection before that is done.
    public static func connect(_ port: UInt16, _ peer: TLSPeer, receiveBuffer: Int32? = nil) async throws -> TLSClient {
        let client = TLSClient(try await TCPClient.connect(port, receiveBuffer: receiveBuffer), peer)
        try await client.push()
        while !peer.isSecured {
            guard try await client.pull() else {
                throw NothingCame(description: "no handshake: \(peer.failure ?? "the connection ended")")
            }
            try await client.push()
        }
        return client
    }

    /// Sends what the machine has for the server.
    public func push() async throws {
        let bytes = peer.takeOutput()
        if !bytes.isEmpty { try await socket.send(bytes) }
    }

    /// Gives the machine what the server has sent; false at the end.
    public func pull() async throws -> Bool {
        guard let bytes = try await socket.read(atMost: 1 << 16) else { return false }
        peer.receive(bytes)
        return true
    }

    public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    public func send(_ bytes: [UInt8], record: Int = 16 * 1024) async throws {
        peer.write(bytes, record: record)
        try await push()
    }

    /// Everything up to and with `marker`, which must be the last that has come.
    public func read(until marker: String) async throws -> String {
        var text: [UInt8] = []
        let end = Array(marker.utf8)
        while true {
            text += peer.read()
            if text.suffix(end.count).elementsEqual(end) { return String(decoding: text, as: UTF8.self) }
            guard peer.failure == nil, try await pull() else {
                throw NothingCame(
                    description: "the connection ended after: \(String(decoding: text.prefix(400), as: UTF8.self))")
            }
        }
    }

    /// Everything up to close_notify or the end of the connection.
    public func readToEnd() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            bytes += peer.read()
            guard !peer.hasEnded, peer.failure == nil, try await pull() else { return bytes }
        }
    }
}
