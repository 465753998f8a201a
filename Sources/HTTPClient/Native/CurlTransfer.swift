// Ownership: a transfer owns its easy handle while it runs and gives it back to the loop's pool at its end. The
// table of CurlLoop retains it as long as libcurl knows it; the reader's last reference cancels it. Loop thread only
// but for `deinit` of the reader's token, which hops to the loop. That makes the unchecked Sendable true.
internal import Base
internal import CCurl
internal import HTTP
internal import Transport

/// One call that is under way: libcurl on the one side, one reader on the other.
@safe
final class CurlTransfer: @unchecked Sendable {
    let easy: CurlEasy
    let timeouts: OutgoingRequest.Timeouts
    private(set) var state: TransferState
    private let loop: EventLoop
    private var waiter: UnsafeContinuation<Bool, Never>?
    /// Until when the reader waits.
    private var waitEnd = Instant(nanoseconds: 0)
    /// Stays set from one wait to the next: most pieces come long before it, and then cost no timer. One that fires too
    /// early for the wait that is under way is set again.
    private var timer: (id: EventLoop.TimerID, at: Instant)?
    private var retried = false
    /// How often the request has been sent.
    private var sent = 0

    init(easy: CurlEasy, request: OutgoingRequest, loop: EventLoop) {
        self.easy = easy
        timeouts = request.timeouts
        state = TransferState(maxBody: request.maxBodyBytes)
        self.loop = loop
    }

    // MARK: From libcurl

    func headerLine(_ line: Span<UInt8>) -> Bool {
        let accepted = state.headerLine(line)
        if state.hasHead { wake() }
        return accepted
    }

    func offer(_ count: Int) -> TransferState.Intake { state.offer(count) }

    func received(_ bytes: UnsafeRawBufferPointer) {
        unsafe state.append(bytes)
        wake()
    }

    /// Whether the call may be made once more: its connection was an old one, and nothing went out on it. Makes the next
    /// attempt take a new connection.
    func retry() -> Bool {
        guard !retried, easy.usedOldConnection, !easy.hasSent, state.phase == .waitingForHead, state.status == 0 else {
            return false
        }
        retried = true
        return easy.takeNewConnection(true)
    }

    /// Whether the request may go to who was reached. What a name leads to is known only now, after any handshake and
    /// before the first header.
    func mayBeSent(to address: String) -> Bool {
        if let problem = IPAddress(address)?.destinationProblem {
            state.fail(HTTPClientError(.badAddress, "\(address) \(problem)"))
            return false
        }
        return mayBeSentAgain()
    }

    /// A request goes out once: libcurl would send it again when a kept connection is closed without an answer, but then
    /// nobody knows whether the server has worked on it, and nobody has counted that.
    private func mayBeSentAgain() -> Bool {
        sent += 1
        return sent == 1 || (sent == 2 && retried)
    }

    func finish(_ error: HTTPClientError?) {
        state.finish(error)
        stop()
    }

    // MARK: For the reader

    /// Suspends until something has changed, or until `end`, and says whether anything has. A task that prefers another
    /// executor lets work of the loop pass at every `await`, so what there is to wait for is looked at within the
    /// continuation: what came before wakes nobody any more.
    func wait(until end: Instant) async -> Bool {
        await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Bool, Never>) in
            guard state.isSilent else { return unsafe continuation.resume(returning: true) }
            precondition(unsafe waiter == nil, "one reader at a time")
            unsafe waiter = continuation
            waitEnd = end
            setTimer()
        }
    }

    private func setTimer() {
        if let timer {
            if timer.at <= waitEnd { return }
            loop.cancel(timer.id)
        }
        let id = loop.schedule(at: waitEnd) { self.timeHasCome() }
        timer = (id, waitEnd)
    }

    private func timeHasCome() {
        timer = nil
        guard unsafe waiter != nil else { return }
        if loop.now() < waitEnd { setTimer() } else { wake(hasChanged: false) }
    }

    func take() -> TransferState.Supply { state.take() }

    /// Drops what comes from here on; whether anything may still come.
    func discardRest() -> Bool { state.discardRest() }

    func cancel() {
        state.cancel()
        stop()
    }

    func fail(_ error: HTTPClientError) {
        state.fail(error)
        stop()
    }

    /// Nothing more comes that could be waited for.
    private func stop() {
        if let timer { loop.cancel(timer.id) }
        timer = nil
        wake()
    }

    private func wake(hasChanged: Bool = true) {
        guard let waiting = unsafe waiter else { return }
        unsafe waiter = nil
        unsafe waiting.resume(returning: hasChanged)
    }
}
