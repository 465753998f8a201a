internal import Base
internal import HTTP
internal import Transport

/// The body of the request that is being handled: gathered as it comes, or read to its end and dropped.
extension Connection {
    /// What of a request's body has come.
    enum BodySupply: Sendable {
        case whole([UInt8])
        case incomplete
        case failed(CodedError)
    }

    /// The same from wherever; on the loop, where handlers run, without a suspension.
    nonisolated func bodyWithoutWaiting(limit: Int, of client: IPAddress?) -> BodySupply {
        loop.isCurrent ? assumeIsolated { $0.bodyAtHand(limit: limit, of: client) } : .incomplete
    }

    /// The body as far as it can be had without waiting.
    func bodyAtHand(limit: Int, of client: IPAddress?) -> BodySupply {
        if let bodyFailure { return .failed(bodyFailure) }
        guard !bodyEnded, let head else { return .whole([]) }
        do throws(CodedError) {
            if case .length(let length) = head.body {
                if length > limit { throw Connection.tooLarge(limit) }
                if gathered.isEmpty { gathered.reserveCapacity(min(length, 1 << 20)) }
            }
            while !bodyEnded {
                switch try step() {
                case .body(let range):
                    guard gathered.count + range.count <= limit else { throw Connection.tooLarge(limit) }
                    try borrow(range.count, of: client)
                    gathered += input[range]
                case .needMore: return .incomplete
                case .head, .end: break
                }
            }
        } catch {
            return fail(body: error)
        }
        var whole: [UInt8] = []
        swap(&whole, &gathered)
        return .whole(whole)
    }

    private func fail(body error: CodedError) -> BodySupply {
        bodyFailure = error
        gathered = []
        returnBorrowed()
        return .failed(error)
    }

    func collectBody(limit: Int, of client: IPAddress?) async throws(CodedError) -> [UInt8] {
        while true {
            switch bodyAtHand(limit: limit, of: client) {
            case .whole(let body): return body
            case .failed(let error): throw error
            case .incomplete: break
            }
            do throws(CodedError) { try await readMore(isGathered: true) } catch {
                _ = fail(body: error)
                throw error
            }
        }
    }

    func readMore(isGathered: Bool) async throws(CodedError) {
        try await sendContinue()
        guard let bytes = await readPaced(isGathered: isGathered) else {
            throw timedOut
                ? CodedError(.requestTimeout, "The body did not arrive in time.")
                : CodedError(.cancelled, "The client closed the connection within its request.")
        }
        feed(bytes)
    }

    /// More of the body, as long as it comes fast enough. No deadline runs while nobody waits for it.
    private func readPaced(isGathered: Bool) async -> [UInt8]? {
        let start = loop.now()
        var pace = self.pace ?? ArrivalPace()
        setDeadline(at: pace.deadline(at: start, server.limits, isGathered: isGathered))
        defer { deadline = nil }
        guard let bytes = try? await stream.read() else { return nil }
        pace.note(bytes.count, after: loop.now().since(start))
        self.pace = pace
        return bytes
    }

    private func borrow(_ count: Int, of client: IPAddress?) throws(CodedError) {
        // The first caller of a request's body says whose it is.
        let client = borrowed > 0 ? borrower : client
        switch server.bodies.take(count, of: client) {
        case .all: throw Connection.noRoom
        case .own: throw Connection.noRoomForOne
        case nil:
            borrowed += count
            borrower = client
        }
    }

    /// Gives back what the bodies of this request have taken of the memory for all.
    func returnBorrowed() {
        guard borrowed > 0 else { return }
        server.bodies.giveBack(borrowed, of: borrower)
        (borrowed, borrower) = (0, nil)
    }

    private static let noRoom = CodedError(
        .overloaded,
        "The bodies of all requests take too much memory now (`server.max_memory`). Try again in a moment.",
        retryAfter: .seconds(1))
    private static let noRoomForOne = CodedError(
        .overloaded,
        "The bodies of your requests take too much memory now: one client may have a quarter of `server.max_memory`. "
            + "Wait until some of them are answered.",
        retryAfter: .seconds(1))

    private static func tooLarge(_ limit: Int) -> CodedError {
        CodedError(.requestTooLarge, "The body is over the limit of \(limit) bytes.")
    }

    private func sendContinue() async throws(CodedError) {
        guard continueDue else { return }
        continueDue = false
        do throws(TransportError) {
            try await stream.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), stall: server.limits.writeTimeout)
        } catch {
            throw CodedError(.cancelled, "The client closed the connection within its request.")
        }
    }

    /// Reads the rest of an unread body, within a bound, so that the next request can be found.
    func drainBody() async -> Bool {
        var dropped = 0
        pace = nil
        // A client that still waits for 100 Continue may or may not send its body: the connection is of no more use.
        guard bodyEnded || !continueDue else { return false }
        while !bodyEnded, dropped <= server.limits.maxDrain {
            guard let event = try? step() else { return false }
            if case .body(let range) = event { dropped += range.count }
            guard case .needMore = event else { continue }
            guard let bytes = await readPaced(isGathered: true) else { return false }
            feed(bytes)
        }
        return bodyEnded
    }
}
