internal import Dispatch

/// Plays one connection's script, on a thread of its own.
struct ScriptPlayer {
    private let socket: BlockingSocket
    private let connection: Int
    private let log: EventLog<FaultyUpstream.Event>
    private let gate: DispatchSemaphore
    private var sent = 0
    private var unread: [UInt8] = []

    init(
        socket: BlockingSocket, connection: Int, log: EventLog<FaultyUpstream.Event>, gate: DispatchSemaphore
    ) {
        self.socket = socket
        self.connection = connection
        self.log = log
        self.gate = gate
    }

    /// Any failure of the socket counts as the peer's end.
    mutating func play(_ script: [FaultyUpstream.Step]) {
        do {
            for step in script { try run(step) }
            log.append(.done(connection: connection, sent: sent))
        } catch {
            log.append(.peerClosed(connection: connection, sent: sent))
        }
        socket.close()
    }

    private mutating func run(_ step: FaultyUpstream.Step) throws {
        switch step {
        case .request: log.append(.request(connection: connection, try readRequest()))
        case .send(let text): try send(Array(text.utf8))
        case .sendBytes(let bytes): try send(bytes)
        case .dribble(let text, let size, let pause):
            let bytes = Array(text.utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                guard socket.staysOpen(for: pause) else { throw SocketFailure.reset }
                try send(Array(bytes[start..<min(start + size, bytes.count)]))
            }
        case .flood(let bytes, let limit):
            try flood(bytes, limit: limit)
        case .forever(let steps):
            while true { for step in steps { try run(step) } }
        case .hold:
            while try socket.receive() != nil {}
            throw SocketFailure.reset
        case .gate:
            guard gate.wait(timeout: .now() + .seconds(10)) == .success else { throw SocketFailure.nothingReceived }
            gate.signal()
        case .close: socket.close()
        case .reset: socket.reset()
        }
    }

    private mutating func send(_ bytes: [UInt8]) throws {
        try socket.send(bytes)
        sent += bytes.count
    }

    private mutating func flood(_ bytes: [UInt8], limit: Int) throws {
        var told = false
        while sent + bytes.count <= limit {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = try socket.sendNow(rest)
                rest = rest.dropFirst(count)
                sent += count
                // Ten seconds, as long as the socket's other waits.
                if count > 0 || socket.isWritable(within: .milliseconds(250)) { continue }
                if !told { log.append(.blocked(connection: connection, sent: sent)) }
                told = true
                guard socket.isWritable(within: .seconds(10)) else { throw SocketFailure.nothingReceived }
            }
        }
    }

    private mutating func readRequest() throws -> String {
        while true {
            if let count = wholeRequest() {
                defer { unread.removeFirst(count) }
                return String(decoding: unread[..<count], as: UTF8.self)
            }
            guard let bytes = try socket.receive() else { throw SocketFailure.reset }
            unread += bytes
        }
    }

    /// The length of the request that is there in whole: head and, by Content-Length, body.
    private func wholeRequest() -> Int? {
        let marker = Array("\r\n\r\n".utf8)
        guard unread.count >= 4,
            let end = (0...(unread.count - 4)).first(where: { unread[$0..<($0 + 4)].elementsEqual(marker) })
        else { return nil }
        let head = String(decoding: unread[..<end], as: UTF8.self).lowercased()
        let line = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
        let whole = end + 4 + length
        return unread.count >= whole ? whole : nil
    }
}
