// Ownership: the uv_tcp_t belongs to LoopHandle; the descriptor belongs to this object until `start` hands it to
// libuv. Loop thread only after `init`, which makes the unchecked Sendable true.
internal import CShims
internal import CUV
internal import Glibc

/// A listening TCP socket: bound when it is made, so that a port in use is known at once, accepting on its loop
/// after ``start(accept:)``.
@safe
public final class TCPListener: LoopHandle, @unchecked Sendable {
    public let loop: EventLoop
    /// The bound port, also when 0 was asked for.
    public let port: UInt16
    private let address: String
    /// What the kernel may hold for one connection that is written to, in bytes.
    private static let sendBuffer: Int32 = 64 * 1024
    private var descriptor: Int32?
    private var accept: (@Sendable (TCPStream) -> Void)?

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

    /// Begins to accept; `accept` is called on the loop for each connection. Call once, on the loop.
    public func start(accept: @escaping @Sendable (TCPStream) -> Void) throws(TransportError) {
        loop.checkIsolated()
        guard let descriptor else { return }
        self.accept = accept
        // Once initialised, a handle is known to the loop: from then on a failure must close it.
        var code = unsafe open(UV_TCP) { unsafe uv_tcp_init(loop.uv, $0.assumingMemoryBound(to: uv_tcp_t.self)) }
        if code == 0, let raw = unsafe raw {
            code = unsafe uv_tcp_open(raw.assumingMemoryBound(to: uv_tcp_t.self), descriptor)
            if code == 0 {
                self.descriptor = nil
                // Connections inherit it. Left to itself the kernel takes megabytes for each slow reader, and a write
                // counts as stalled until a good part of them is gone.
                var sendBuffer = TCPListener.sendBuffer
                unsafe uv_send_buffer_size(raw.assumingMemoryBound(to: uv_handle_t.self), &sendBuffer)
                code = unsafe uv_listen(raw.assumingMemoryBound(to: uv_stream_t.self), 1024) { server, status in
                    unsafe unsafeDowncast(LoopHandle.owner(of: server), to: TCPListener.self).connected(server!, status)
                }
            }
        }
        guard code != 0 else { return }
        close()
        guard code != UV_EADDRINUSE.rawValue else { throw TCPListener.inUse(address, port) }
        throw TransportError(.system, "cannot listen on \(address):\(port): \(uvMessage(code))")
    }

    private static func inUse(_ address: String, _ port: UInt16) -> TransportError {
        TransportError(.addressInUse, "port \(port) on \(address) is in use")
    }

    private func connected(_ server: UnsafeMutablePointer<uv_stream_t>, _ status: Int32) {
        // A failed accept (no descriptors left, peer gone) costs that connection alone; libuv keeps the socket.
        guard status == 0, let accept else { return }
        let stream = TCPStream(loop: loop)
        if unsafe stream.accept(from: server) { accept(stream) }
    }

    /// Gives the port back before ``start(accept:)``.
    public func release() {
        if let descriptor { Glibc.close(descriptor) }
        descriptor = nil
    }

    /// Stops to accept and closes the socket. On the loop; safe to call again.
    public func close() {
        loop.checkIsolated()
        accept = nil
        closeHandle()
    }
}
