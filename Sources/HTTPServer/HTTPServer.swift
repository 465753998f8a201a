public import Base
internal import HTTP
internal import Synchronization
public import Transport

/// An HTTP/1.1 server: one listener a loop on a shared port, a task a connection, a handler that answers requests.
public final class HTTPServer: Sendable {
    public typealias Handler = @Sendable (Request, consuming ResponseWriter) async -> Answered

    /// As they were at the start.
    public let limits: ServerLimits
    let handler: Handler
    /// Answers what is not a request at all.
    let protocolError: @Sendable (CodedError) -> Response
    private let group: EventLoopGroup
    private let time: any TimeSource
    /// What the bodies of all requests take.
    let bodies: BodyBudget
    private let exhausted: (@Sendable () -> Void)?
    private let clockFace = Mutex(HTTPDate())
    private let state: Mutex<State>

    private struct State {
        var listeners: [TCPListener] = []
        var connections: [ObjectIdentifier: Connection] = [:]
        var ledger: ConnectionLedger
        var draining = false
        /// What new connections speak TLS with.
        var tls: TLSContext?
        /// Who waits in `drain`.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// `exhausted` is called on a loop, at most once a minute on each, while connections have to wait because the
    /// process has no descriptors left.
    public init(
        group: EventLoopGroup,
        limits: ServerLimits = ServerLimits(),
        time: any TimeSource,
        exhausted: (@Sendable () -> Void)? = nil,
        protocolError: @escaping @Sendable (CodedError) -> Response,
        handler: @escaping Handler
    ) {
        self.group = group
        self.limits = limits
        self.time = time
        self.exhausted = exhausted
        bodies = BodyBudget(limit: limits.maxBodyMemory, share: limits.maxBodyMemoryPerClient)
        state = Mutex(State(ledger: ConnectionLedger(limits: limits)))
        self.protocolError = protocolError
        self.handler = handler
    }

    /// Binds and begins to accept; gives the port, also when 0 was asked for. With `tls` every connection speaks it;
    /// its handshake has the time of a request's head.
    public func start(
        address: String, port: UInt16, tls: TLSContext? = nil
    ) async throws(TransportError) -> UInt16 {
        state.withLock { $0.tls = tls }
        // The first bind is exclusive, so that another process on the port is noticed; with several loops the
        // port is then shared among our own listeners.
        let probe = try TCPListener(loop: group.loops[0], address: address, port: port)
        let bound = probe.port
        guard group.loops.count > 1 else {
            try await begin(probe)
            return bound
        }
        probe.release()
        for loop in group.loops {
            try await begin(TCPListener(loop: loop, address: address, port: bound, shared: true))
        }
        return bound
    }

    private func begin(_ listener: TCPListener) async throws(TransportError) {
        let outcome: Result<Void, TransportError> = await withCheckedContinuation { continuation in
            listener.loop.execute { [self] in
                continuation.resume(
                    returning: Result { () throws(TransportError) in
                        try listener.start(exhausted: exhausted) { [weak self] stream in self?.accepted(stream) }
                    }
                )
            }
        }
        try outcome.get()
        state.withLock { $0.listeners.append(listener) }
    }

    /// New connections take `tls` from now on; those that are open keep what they have. False, and nothing done, on a
    /// server that was started without. From any thread.
    public func renew(tls: TLSContext) -> Bool {
        state.withLock { state in
            guard state.tls != nil else { return false }
            state.tls = tls
            return true
        }
    }

    /// Takes over what may be other while the server runs: the trusted proxies, and how much memory bodies may have where
    /// that is limited at all. All else stays as it was at the start. From any thread; O(connections).
    public func follow(_ limits: ServerLimits) {
        bodies.resize(limit: limits.maxBodyMemory, share: limits.maxBodyMemoryPerClient)
        state.withLock { state in
            state.ledger.exempt(limits.trustedProxies, open: state.connections.values.lazy.map(\.peer.address))
        }
    }

    let resting = Atomic<Int>(0)

    /// The connections that have been silent for ``ServerLimits/restAfter`` and wait without a task.
    public var restingCount: Int { resting.load(ordering: .relaxed) }

    /// The connections that are open.
    public var connectionCount: Int { state.withLock(\.connections.count) }

    private func accepted(_ stream: TCPStream) {
        let connection = Connection(stream: stream, peer: PeerAddress(stream.peer), server: self)
        let taken = state.withLock { state in
            guard !state.draining, state.ledger.begin(connection.peer.address) else { return false }
            state.connections[ObjectIdentifier(connection)] = connection
            return true
        }
        guard taken else { return stream.close() }
        if limits.minWriteRate > 0 { stream.holdPeer(to: limits.minWriteRate, grace: limits.writeRateGrace) }
        if let tls = state.withLock(\.tls) { stream.secure(with: tls, handshakeWithin: limits.headTimeout) }
        serve(connection)
    }

    /// A task for a connection, until it has been silent for a while or has ended.
    func serve(_ connection: Connection) {
        // Not a child task: a connection ends by its client or by `drain`, which waits for all of them.
        let task = Task(name: "connection", executorPreference: connection.loop) {
            if await connection.run() { self.ended(connection) }
        }
        connection.attach(task)
    }

    private func ended(_ connection: Connection) {
        let drained = state.withLock { state in
            state.connections[ObjectIdentifier(connection)] = nil
            state.ledger.end(connection.peer.address)
            return state.draining && state.connections.isEmpty
        }
        if drained { endDrain() }
    }

    private func endDrain() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func date() -> String {
        let now = time.wallTime()
        return clockFace.withLock { $0.value(at: now) }
    }

    /// Stops to accept, closes idle connections, lets running answers end for `grace`, then cancels them, so that
    /// streams can still send their error event. Returns when every connection is gone, at most `grace` and six
    /// seconds later, even when a handler hears no cancellation. May be called again.
    public func drain(grace: Duration) async {
        let (listeners, connections) = state.withLock { state in
            state.draining = true
            defer { state.listeners = [] }
            return (state.listeners, Array(state.connections.values))
        }
        for listener in listeners { listener.loop.execute { listener.close() } }
        for connection in connections { await connection.drain() }
        let loop = group.loops[0]
        let watchdog = Task(executorPreference: loop) { [self] in
            try await loop.sleep(for: grace)
            for connection in state.withLock({ Array($0.connections.values) }) { connection.cancel() }
            try await loop.sleep(for: .seconds(5))
            for connection in state.withLock({ Array($0.connections.values) }) {
                connection.loop.execute { connection.stream.close() }
            }
            try await loop.sleep(for: .seconds(1))
            endDrain()
        }
        await withCheckedContinuation { continuation in
            let empty = state.withLock { state in
                if state.connections.isEmpty { return true }
                state.waiting.append(continuation)
                return false
            }
            if empty { continuation.resume() }
        }
        watchdog.cancel()
    }
}
