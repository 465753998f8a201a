internal import Base
internal import HTTP
internal import Transport

/// What goes out: whole answers, and bodies piece by piece with their heartbeats.
extension Connection {
    private func reuse(_ head: RequestHead?) -> ResponseHeadWriter.Connection? {
        guard head?.keepAlive == true, canFindNextRequest, !draining, !Task.isCancelled else { return .close }
        return head?.minorVersion == 0 ? .keepAlive : nil
    }

    /// Whether the rest of the body is worth reading to its end.
    private var canFindNextRequest: Bool {
        if bodyEnded { return true }
        if continueDue || timedOut || bodyFailure?.code == .invalidHTTP { return false }
        if case .length(let length) = head?.body { return length <= server.limits.maxDrain }
        return true
    }

    /// Sends a whole response; whether it went out.
    func send(_ response: Response, also more: HTTPHeaders, to head: RequestHead?) async -> Bool {
        switch sendAtOnce(response, also: more, to: head) {
        case .done(let wentOut): return wentOut
        case .rest(let rest): return await send(rest: rest)
        }
    }

    func send(rest: [UInt8]) async -> Bool {
        (try? await stream.write(rest, stall: server.limits.writeTimeout)) != nil
    }

    enum Sending: Sendable {
        case done(Bool)
        /// What the kernel has not taken.
        case rest([UInt8])
    }

    /// The same on the loop; elsewhere `nil`, and nothing sent.
    nonisolated func sendWithoutWaiting(
        _ response: Response, also more: HTTPHeaders, to head: RequestHead?
    ) -> Sending? {
        loop.isCurrent ? assumeIsolated { $0.sendAtOnce(response, also: more, to: head) } : nil
    }

    /// Composes a whole response and sends what the kernel takes of it, mostly all. Fields of `more` take the place of
    /// the response's own.
    func sendAtOnce(_ response: Response, also more: HTTPHeaders, to head: RequestHead?) -> Sending {
        var output: [UInt8] = []
        output.reserveCapacity(response.body.count + 512)
        let hasBody = response.status >= 200 && response.status != 204 && response.status != 304
        let framing = hasBody ? ResponseFraming.length(response.body.count) : .none
        let connection = reuse(head)
        // Who is told that the connection ends is not waited for with the rest of a body that is too long to be read.
        if connection == .close { reusable = false }
        do throws(HeaderRefused) {
            try ResponseHeadWriter.append(
                status: response.status, headers: response.headers, also: more, date: server.date(), framing: framing,
                connection: connection, to: &output)
        } catch {
            // A header that must not go onto the wire is a fault of ours: close, and say nothing of its value.
            let plain = server.protocolError(CodedError(.internalError, "The server made an answer it may not send."))
            guard response.status != plain.status || !more.isEmpty else { return .done(false) }
            _ = sendAtOnce(plain, also: HTTPHeaders(), to: nil)
            return .done(false)
        }
        if hasBody, head?.method != "HEAD" { output += response.body }
        guard let count = stream.writeAtOnce(output) else { return .done(false) }
        // With TLS a part may wait although all counts as written: then the rest is an empty one to wait for.
        return count == output.count && (!stream.isSecure || stream.isIdle)
            ? .done(true) : .rest(Array(output[count...]))
    }

    func begin(status: Int, headers: HTTPHeaders, to head: RequestHead?) {
        let chunked = head?.minorVersion == 1
        var output: [UInt8] = []
        let complete: Void? = try? ResponseHeadWriter.append(
            status: status, headers: headers, date: server.date(), framing: chunked ? .chunked : .untilClose,
            connection: chunked ? reuse(head) : .close, to: &output)
        guard complete != nil else { return stream.close() }
        outgoing = head?.method == "HEAD" ? .silent : chunked ? .chunked : .untilClose
        reusable = chunked
        pendingHead = output
        lastWrite = loop.now()
    }

    func write(piece: consuming [UInt8]) async throws {
        guard !piece.isEmpty, outgoing != .silent else { return }
        lastWrite = loop.now()
        let output = framed(consume piece)
        try await stream.write(output, stall: server.limits.writeTimeout)
    }

    func writeUnlessBusy(piece: [UInt8]) -> Bool {
        guard stream.isIdle else { return false }
        guard !piece.isEmpty, outgoing != .silent else { return true }
        lastWrite = loop.now()
        return stream.writeUnlessBusy(framed(piece), stall: server.limits.writeTimeout)
    }

    /// A piece as it goes out, behind the head if that is still due.
    private func framed(_ piece: consuming [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        swap(&output, &pendingHead)
        output.reserveCapacity(output.count + piece.count + 16)
        if outgoing == .chunked { ChunkWriter.append(piece, to: &output) } else { output += piece }
        return output
    }

    func finishBody() async -> Bool {
        heartbeat = nil
        var end: [UInt8] = []
        swap(&end, &pendingHead)
        if outgoing == .chunked { ChunkWriter.appendEnd(to: &end) }
        outgoing = .silent
        // An empty write waits for what is queued: where the connection's end is the body's, nothing may be cut off.
        guard !end.isEmpty || !stream.isIdle else { return stream.isOpen }
        return (try? await stream.write(end, stall: server.limits.writeTimeout)) != nil
    }

    func abandonBody() {
        // Where the connection's end is the body's end, only a reset says that there is more.
        if outgoing == .untilClose { stream.reset() }
        heartbeat = nil
        outgoing = .silent
        reusable = false
    }

    func beginHeartbeat(every interval: Duration, _ bytes: [UInt8]) {
        heartbeat = (interval, bytes)
        armTimer()
    }

    func beat() {
        guard let heartbeat, outgoing != .silent else { return }
        lastWrite = loop.now()
        let head = pendingHead
        if !stream.writeIfIdle(framed(heartbeat.bytes), stall: server.limits.writeTimeout) { pendingHead = head }
    }
}
