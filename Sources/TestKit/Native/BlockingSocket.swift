// Ownership: the descriptor belongs to this object; `close`, `reset` or `deinit` closes it, once, behind the mutex.
// A close shuts the socket down first, which ends a call that blocks in another thread; the descriptor itself is
// closed when the last user of the object is gone, so that its number is not reused under a blocked call.
internal import Glibc
internal import Synchronization

/// What a test's socket met.
public enum SocketFailure: Error, Sendable, Equatable {
    /// The receive timeout passed.
    case nothingReceived
    /// The other side sent a reset.
    case reset
    case refused
    case system(Int32)
}

/// A plain blocking TCP socket on 127.0.0.1, with a receive timeout. Call it from threads that may block.
public final class BlockingSocket: Sendable {
    private let descriptor: Int32
    /// POLLRDHUP, which the Glibc module does not show.
    private static let peerEnded: Int16 = 0x2000
    /// Whether an end was asked for.
    private let ended = Mutex(false)

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { Glibc.close(descriptor) }

    private static func make(receiveBuffer: Int32? = nil, timeout: Int = 10) throws -> BlockingSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketFailure.system(errno) }
        let made = BlockingSocket(descriptor)
        if let receiveBuffer { made.set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        made.prepare(timeout: timeout)
        return made
    }

    private func prepare(timeout: Int) {
        set(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        set(SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: timeout, tv_usec: 0))
        set(SOL_SOCKET, SO_SNDTIMEO, timeval(tv_sec: timeout, tv_usec: 0))
    }

    private func set<Value>(_ level: Int32, _ option: Int32, _ value: Value) {
        _ = unsafe withUnsafePointer(to: value) {
            unsafe setsockopt(descriptor, level, option, $0, socklen_t(MemoryLayout<Value>.size))
        }
    }

    private static func withLoopback<Value>(
        port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
    ) -> Value {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Connects; `receiveBuffer` makes the kernel's buffer small (bytes).
    public static func connect(port: UInt16, receiveBuffer: Int32? = nil) throws -> BlockingSocket {
        let socket = try make(receiveBuffer: receiveBuffer)
        let code = unsafe withLoopback(port: port) { unsafe Glibc.connect(socket.descriptor, $0, $1) }
        if code != 0 { throw errno == ECONNREFUSED ? SocketFailure.refused : .system(errno) }
        return socket
    }

    /// Begins to connect and does not wait for it: for filling a backlog.
    public static func beginConnect(port: UInt16) throws -> BlockingSocket {
        let socket = try make()
        let flags = fcntl(socket.descriptor, F_GETFL)
        _ = fcntl(socket.descriptor, F_SETFL, flags | O_NONBLOCK)
        let code = unsafe withLoopback(port: port) { unsafe Glibc.connect(socket.descriptor, $0, $1) }
        if code != 0, errno != EINPROGRESS { throw SocketFailure.system(errno) }
        return socket
    }

    /// Listens on a free port; the accepted sockets' send buffers are small when `sendBuffer` is given.
    public static func listen(backlog: Int32 = 128, sendBuffer: Int32? = nil) throws -> (BlockingSocket, UInt16) {
        let socket = try make(timeout: 3600)
        if let sendBuffer { socket.set(SOL_SOCKET, SO_SNDBUF, sendBuffer) }
        guard unsafe withLoopback(port: 0, { unsafe bind(socket.descriptor, $0, $1) }) == 0,
            Glibc.listen(socket.descriptor, backlog) == 0
        else { throw SocketFailure.system(errno) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(socket.descriptor, $0, &length)
            }
        }
        if code != 0 { throw SocketFailure.system(errno) }
        return (socket, UInt16(bigEndian: address.sin_port))
    }

    /// Waits for a connection; `nil` once this socket is ended.
    public func accept() -> BlockingSocket? {
        while !ended.withLock({ $0 }) {
            let code = Glibc.accept(descriptor, nil, nil)
            guard code >= 0 else {
                if errno == EINTR || errno == ECONNABORTED || errno == EAGAIN { continue }
                return nil
            }
            let accepted = BlockingSocket(code)
            accepted.prepare(timeout: 10)
            return accepted
        }
        return nil
    }

    /// Sends everything.
    public func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let code = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if code > 0 { sent += code } else { try fail() }
        }
    }

    /// Sends as much as the kernel takes at once; may be nothing.
    public func sendNow(_ bytes: ArraySlice<UInt8>) throws -> Int {
        let code = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        if code >= 0 { return code }
        if errno == EAGAIN { return 0 }
        try fail()
        return 0
    }

    /// What is there, waiting for the first byte; `nil` at the end.
    public func receive(atMost limit: Int = 64 * 1024) throws -> [UInt8]? {
        while true {
            var count = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialised in
                count = unsafe recv(descriptor, buffer.baseAddress!, limit, 0)
                initialised = max(0, count)
            }
            if count > 0 { return bytes }
            if count == 0 { return nil }
            try fail()
        }
    }

    private func fail() throws {
        switch errno {
        case EINTR: return
        case EAGAIN: throw SocketFailure.nothingReceived
        case ECONNRESET, EPIPE: throw SocketFailure.reset
        default: throw SocketFailure.system(errno)
        }
    }

    /// Whether the peer closes or resets within the receive timeout; what it still sends is dropped.
    public func isClosedByPeer() -> Bool {
        do {
            while try receive() != nil {}
            return true
        } catch SocketFailure.reset {
            return true
        } catch {
            return false
        }
    }

    /// Whether the peer neither closes nor resets within that time.
    public func staysOpen(for duration: Duration) -> Bool {
        wait(for: Self.peerEnded, duration) == 0
    }

    /// Whether the kernel takes bytes within that time.
    public func isWritable(within duration: Duration) -> Bool {
        wait(for: Int16(POLLOUT), duration) != 0
    }

    private func wait(for events: Int16, _ duration: Duration) -> Int16 {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        let milliseconds = duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
        _ = unsafe poll(&entry, 1, Int32(clamping: milliseconds))
        return entry.revents
    }

    /// Sends the end of our side.
    public func shutdownWrites() { Glibc.shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends both sides (FIN) and wakes a call that blocks in another thread.
    public func close() {
        ended.withLock { $0 = true }
        Glibc.shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Ends the connection with a reset.
    public func reset() {
        set(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        // Connecting to "no address" resets an established connection and leaves the descriptor ours to close.
        var nowhere = sockaddr()
        nowhere.sa_family = sa_family_t(AF_UNSPEC)
        _ = unsafe Glibc.connect(descriptor, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
        close()
    }
}

/// Sends a signal to this process.
public func raiseSignal(_ number: Int32) throws {
    if kill(getpid(), number) != 0 { throw SocketFailure.system(errno) }
}

/// Sets a variable of this process's environment; for exit tests alone, since other threads may be reading it.
public func setEnvironment(_ name: String, _ value: String) { unsafe setenv(name, value, 1) }
