// Ownership: the uv_poll_t belongs to LoopHandle; the listening descriptor and the one in reserve belong to this
// object, which closes them in `close`, when the loop has closed the handle, or at its end. Loop thread only after
// `init`, which makes the unchecked Sendable true.
internal import Base
internal import CShims
internal import CUV
internal import Glibc

/// A listening TCP socket: bound when it is made, so that a port in use is known at once, accepting on its loop
/// after ``start(exhausted:accept:)``. When the process has no descriptors left it rests for a moment
/// (``AcceptBackoff``).
@safe
public final class TCPListener: LoopHandle, @unchecked Sendable {
    public let loop: EventLoop
    /// The bound port, also when 0 was asked for.
    public let port: UInt16
    private let address: String
    /// What the kernel may hold for one connection that is written to, in bytes. Connections inherit it. Left to itself
    /// the kernel takes megabytes for each slow reader, and a write counts as stalled until a good part of them is
    /// gone.
    private static let sendBuffer: Int32 = 64 * 1024
    /// What the kernel takes ahead of a connection's window, in bytes. What is on its way does not count, so this costs a
    /// fast reader nothing, and one that reads nothing is known to be behind before it has filled the whole buffer.
    private static let unsent: Int32 = 16 * 1024
    private static let backlog: Int32 = 1024
    /// Connections taken in one turn of the loop; the others wait for the next one.
    private static let turn = 64
    private var descriptor: Int32?
    /// Given up for a moment to turn connections away when there is no other one.
    private var reserve: Int32?
    private var backoff = AcceptBackoff()
    private var resting: EventLoop.TimerID?
    private var accept: (@Sendable (TCPStream) -> Void)?
    private var exhausted: (@Sendable () -> Void)?

    /// Binds `address` (numeric) and `port`; `shared` lets other listeners of this process have the same port.
    public init(loop: EventLoop, address: String, port: UInt16, shared: Bool = false) throws(TransportError) {
        let code = unsafe tutti_tcp_bind(address, port, shared ? 1 : 0)
        guard code >= 0 else {
            switch -code {
            case EADDRINUSE: throw TCPListener.inUse(address, port)
            case EACCES: throw TransportError(.permissionDenied, "port \(port) on \(address) is not permitted")
            case EINVAL: throw TransportError(.invalidAddress, "\(address) is not a numeric address")
            default: throw TransportError(.system, "cannot listen on \(address):\(port): \(uvMessage(code))")
            }
        }
        self.loop = loop
        self.address = address
        descriptor = code
        self.port = UInt16(truncatingIfNeeded: max(0, tutti_socket_port(code)))
    }

    deinit { release() }

    /// Begins to accept; `accept` is called on the loop for each connection, `exhausted` at most once a minute while
    /// connections have to wait because the process has no descriptors left. Call once, on the loop.
    public func start(
        exhausted: (@Sendable () -> Void)? = nil, accept: @escaping @Sendable (TCPStream) -> Void
    ) throws(TransportError) {
        loop.checkIsolated()
        guard let descriptor else { return }
        self.accept = accept
        self.exhausted = exhausted
        var sendBuffer = TCPListener.sendBuffer
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_SNDBUF, &sendBuffer, socklen_t(MemoryLayout<Int32>.size))
        var unsent = TCPListener.unsent
        unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, &unsent, socklen_t(MemoryLayout<Int32>.size))
        var code = listen(descriptor, TCPListener.backlog) == 0 ? 0 : -errno
        if code == 0 {
            code = unsafe open(UV_POLL) {
                unsafe uv_poll_init(loop.uv, $0.assumingMemoryBound(to: uv_poll_t.self), descriptor)
            }
        }
        if code == 0 { code = watch() }
        keepReserve()
        guard code != 0 else { return }
        close()
        guard code != UV_EADDRINUSE.rawValue else { throw TCPListener.inUse(address, port) }
        throw TransportError(.system, "cannot listen on \(address):\(port): \(uvMessage(code))")
    }

    private static func inUse(_ address: String, _ port: UInt16) -> TransportError {
        TransportError(.addressInUse, "port \(port) on \(address) is in use")
    }

    // MARK: Accepting

    private func watch() -> Int32 {
        guard isUsable, let raw = unsafe raw else { return 0 }
        return unsafe uv_poll_start(raw.assumingMemoryBound(to: uv_poll_t.self), Int32(UV_READABLE.rawValue)) {
            handle, _, _ in
            unsafe unsafeDowncast(LoopHandle.owner(of: handle), to: TCPListener.self).readable()
        }
    }

    private func readable() {
        for _ in 0..<TCPListener.turn {
            guard let descriptor, let accept else { return }
            let taken = tutti_tcp_accept(descriptor)
            if taken >= 0 {
                backoff.succeeded()
                if reserve == nil { keepReserve() }
                let stream = TCPStream(loop: loop)
                if stream.takeOver(taken) { accept(stream) }
                continue
            }
            switch -taken {
            case EAGAIN: return
            // The connection was gone before it was taken: the next one.
            case EINTR, ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENETUNREACH, EHOSTDOWN, EHOSTUNREACH, ENOPROTOOPT,
                EOPNOTSUPP, ENONET, ETIMEDOUT:
                continue
            default: return rest()
            }
        }
    }

    /// Nothing can be accepted now, and the kernel would go on to call: looks again in a moment.
    private func rest() {
        let now = loop.now()
        let step = backoff.failed(at: now)
        if step.tells { exhausted?() }
        if step.turnsAway { turnAway() }
        guard isUsable, resting == nil, let raw = unsafe raw else { return }
        unsafe uv_poll_stop(raw.assumingMemoryBound(to: uv_poll_t.self))
        resting = loop.schedule(at: now.advanced(by: AcceptBackoff.pause)) { [weak self] in
            guard let self else { return }
            self.resting = nil
            // Nobody would call again after a failure here.
            if self.watch() != 0 { self.rest() }
        }
    }

    private func turnAway() {
        guard let descriptor, let reserve else { return keepReserve() }
        Glibc.close(reserve)
        for _ in 0..<TCPListener.turn {
            let taken = tutti_tcp_accept(descriptor)
            guard taken >= 0 else { break }
            Glibc.close(taken)
        }
        keepReserve()
    }

    private func keepReserve() {
        let code = unsafe Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
        reserve = code >= 0 ? code : nil
    }

    // MARK: Closing

    /// Gives the port back before ``start(exhausted:accept:)``.
    public func release() {
        if let descriptor { Glibc.close(descriptor) }
        if let reserve { Glibc.close(reserve) }
        descriptor = nil
        reserve = nil
    }

    /// Stops to accept and closes the socket. On the loop; safe to call again.
    public func close() {
        loop.checkIsolated()
        accept = nil
        exhausted = nil
        if let resting { loop.cancel(resting) }
        resting = nil
        // The handle first: libuv forgets a descriptor before its number may be another's.
        closeHandle()
        release()
    }

    /// Also where the loop has closed it by itself.
    override func handleClosed() { release() }
}
