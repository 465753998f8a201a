internal import Base
public import HTTP
internal import Transport

extension ResponseWriter {
    /// Answers `101` and hands the connection over to `serve` as a socket, closes the socket with what `serve` gives
    /// unless it is closed already, and returns when the client has heard that. The server's stop closes it with 1001.
    public consuming func upgrade(
        _ handshake: WebSocketHandshake, limits: WebSocketLimits, _ serve: (WebSocket) async -> WebSocketClose
    ) async -> Answered {
        var headers = headers
        for (name, value) in handshake.headers { headers.set(name, value) }
        guard let socket = await connection.takeOver(headers, limits: limits) else {
            return Answered(status: 101, isComplete: false)
        }
        let why = await serve(socket)
        await socket.close(why)
        while await socket.receive() != nil {}
        await connection.giveBack()
        return Answered(status: 101, isComplete: true)
    }
}

extension Connection {
    /// The connection as a socket, once the client has its answer; `nil` when it is gone before.
    fileprivate func takeOver(_ headers: HTTPHeaders, limits: WebSocketLimits) async -> WebSocket? {
        var output: [UInt8] = []
        let complete: Void? = try? ResponseHeadWriter.append(
            status: 101, headers: headers, date: server.date(), framing: .none, to: &output)
        let socket = WebSocket(stream: stream, leftover: surrender(), limits: limits, server: server)
        // Who hangs up is seen by the socket's reader, behind what was sent before.
        stream.onHangUp(nil)
        guard complete != nil, (try? await stream.write(output, stall: server.limits.writeTimeout)) != nil else {
            return nil
        }
        self.socket = socket
        if draining { await socket.close(.goingAway("The server stops.")) }
        return socket
    }

    fileprivate func giveBack() { socket = nil }
}
