internal import Synchronization

/// An answer as a test's client reads it.
public struct TestResponse: Sendable {
    public var status = 0
    public var statusLine = ""
    public var headers: [(name: String, value: String)] = []
    public var body: [UInt8] = []

    public subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    public var text: String { String(decoding: body, as: UTF8.self) }
}

/// A client that sends exactly the bytes that a test gives it, over a blocking socket, off the loops.
public final class TCPClient: Sendable {
    private let socket: BlockingSocket
    private let unread = Mutex<[UInt8]>([])

    private init(_ socket: BlockingSocket) { self.socket = socket }

    public static func connect(_ port: UInt16, receiveBuffer: Int32? = nil) async throws -> TCPClient {
        try await offLoop { TCPClient(try BlockingSocket.connect(port: port, receiveBuffer: receiveBuffer)) }
    }

    /// Connects and sends at once, with no wait for a thread between.
    public static func connect(_ port: UInt16, sending text: String) async throws -> TCPClient {
        try await offLoop {
            let socket = try BlockingSocket.connect(port: port)
            try socket.send(Array(text.utf8))
            return TCPClient(socket)
        }
    }

    public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    public func send(_ bytes: [UInt8]) async throws {
        try await offLoop { [socket] in try socket.send(bytes) }
    }

    /// Everything up to the end of the connection.
    public func readToEnd() async throws -> String {
        try await offLoop { [self] in
            while try fill() {}
            return String(decoding: take(.max), as: UTF8.self)
        }
    }

    /// Reads and drops everything up to the end, with a pause before each piece; gives the count of bytes.
    public func countToEnd(pause: Duration) async throws -> Int {
        try await offLoop { [self] in
            var count = take(.max).count
            repeat {
                count += take(.max).count
                _ = socket.staysOpen(for: pause)
            } while try fill()
            return count
        }
    }

    /// Everything up to and with `marker`.
    public func read(until marker: String) async throws -> String {
        try await offLoop { [self] in
            String(decoding: try readThrough(Array(marker.utf8)), as: UTF8.self)
        }
    }

    /// At most `count` bytes, at least one; `nil` at the end.
    public func read(atMost count: Int) async throws -> [UInt8]? {
        try await offLoop { [self] in
            if unread.withLock(\.isEmpty), try !fill() { return nil }
            return take(count)
        }
    }

    /// One whole answer: by its length, by its chunks, else up to the end of the connection.
    public func readResponse(toHead: Bool = false) async throws -> TestResponse {
        try await offLoop { [self] in try response(toHead: toHead) }
    }

    /// Whether the server closes the connection; what it still sends is dropped.
    public func isClosedByPeer() async -> Bool {
        (try? await offLoop { [socket] in socket.isClosedByPeer() }) ?? false
    }

    public func shutdownWrites() { socket.shutdownWrites() }
    public func close() { socket.close() }
    public func reset() { socket.reset() }

    // MARK: Blocking

    private func fill() throws -> Bool {
        guard let bytes = try socket.receive() else { return false }
        unread.withLock { $0 += bytes }
        return true
    }

    private func take(_ count: Int) -> [UInt8] {
        unread.withLock { unread in
            let taken = Array(unread.prefix(count))
            unread.removeFirst(taken.count)
            return taken
        }
    }

    private func readExactly(_ count: Int) throws -> [UInt8] {
        while unread.withLock(\.count) < count {
            guard try fill() else { throw NothingCame(description: "the connection ended within \(count) bytes") }
        }
        return take(count)
    }

    private func readThrough(_ marker: [UInt8]) throws -> [UInt8] {
        var searched = 0
        while true {
            let end = unread.withLock { unread -> Int? in
                guard unread.count >= marker.count else { return nil }
                for start in searched...(unread.count - marker.count)
                where unread[start..<(start + marker.count)].elementsEqual(marker) {
                    return start + marker.count
                }
                searched = max(0, unread.count - marker.count)
                return nil
            }
            if let end { return take(end) }
            guard try fill() else {
                let rest = String(decoding: take(.max), as: UTF8.self)
                throw NothingCame(description: "the connection ended, after: \(rest.prefix(400))")
            }
        }
    }

    private func response(toHead: Bool) throws -> TestResponse {
        let head = String(decoding: try readThrough(Array("\r\n\r\n".utf8)), as: UTF8.self)
        var lines = head.split(separator: "\r\n")
        var response = TestResponse()
        response.statusLine = String(lines.removeFirst())
        response.status = Int(response.statusLine.split(separator: " ")[1]) ?? 0
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            response.headers.append((String(parts[0]), String(value)))
        }
        if toHead || response.status < 200 || response.status == 204 || response.status == 304 { return response }
        if let length = response["content-length"].flatMap({ Int($0) }) {
            response.body = try readExactly(length)
        } else if response["transfer-encoding"] == "chunked" {
            response.body = try chunks()
        } else {
            while try fill() {}
            response.body = take(.max)
        }
        return response
    }

    private func chunks() throws -> [UInt8] {
        var body: [UInt8] = []
        let lineEnd = Array("\r\n".utf8)
        while true {
            let line = String(decoding: try readThrough(lineEnd).dropLast(2), as: UTF8.self)
            guard let size = Int(line, radix: 16) else {
                throw NothingCame(description: "\(line.debugDescription) is no chunk size")
            }
            body += try readExactly(size)
            guard try readExactly(2) == lineEnd else {
                throw NothingCame(description: "a chunk does not end where its size says")
            }
            if size == 0 { return body }
        }
    }
}
