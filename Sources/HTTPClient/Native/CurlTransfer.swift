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
    private var waiter: UnsafeContinuation<Void, Never>?
    private var timer: EventLoop.TimerID?
    private var retried = false

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

    /// Whether the call may be sent once more: its connection was an old one, and nothing has come of it. Makes the
    /// next attempt take a new connection.
    func retry() -> Bool {
        guard !retried, easy.usedOldConnection, state.phase == .waitingForHead, state.status == 0 else { return false }
        retried = true
        return easy.takeNewConnection(true)
    }

    func finish(_ error: HTTPClientError?) {
        state.finish(error)
        wake()
    }

    // MARK: For the reader

    /// Suspends until something has changed; the phase's timeout makes it a failure. A task that prefers another
    /// executor lets work of the loop pass at every `await`, so what there is to wait for is looked at within the
    /// continuation: what came before wakes nobody any more.
    func wait(phase: HTTPClientError.Phase, limit: Duration, expired: @escaping @Sendable () -> Void) async {
        await unsafe withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
            guard phase == .firstByte ? state.phase == .waitingForHead : state.isDry else {
                return unsafe continuation.resume()
            }
            precondition(unsafe waiter == nil, "one reader at a time")
            unsafe waiter = continuation
            timer = loop.schedule(at: loop.now().advanced(by: limit)) { [weak self] in
                guard let self else { return }
                self.timer = nil
                self.state.fail(HTTPClientError(.timeout(phase), "no answer within \(limit) (\(phase.rawValue))"))
                expired()
                self.wake()
            }
        }
    }

    func take() -> TransferState.Supply { state.take() }

    /// Drops what comes from here on; whether anything may still come.
    func discardRest() -> Bool { state.discardRest() }

    func cancel() {
        state.cancel()
        wake()
    }

    func fail(_ error: HTTPClientError) {
        state.fail(error)
        wake()
    }

    private func wake() {
        guard let waiting = unsafe waiter else { return }
        unsafe waiter = nil
        // Here and not when the reader goes on: until then the time could still run out on what has come.
        if let timer { loop.cancel(timer) }
        timer = nil
        unsafe waiting.resume()
    }
}
