internal import Base
internal import HTTP
internal import Synchronization
public import Transport

/// Calls servers outside, by libcurl on the caller's own event loop, so that a proxied byte changes no thread.
/// Redirects are never followed, TLS is always verified, proxies come from the request alone.
public final class HTTPClient: HTTPCalling {
    public struct Configuration: Sendable {
        /// How many connections may wait for another call, of each loop; a quarter more at times.
        public var spareConnections = 64
        /// A PEM file of certificate authorities instead of the system's.
        public var certificateAuthority: String?

        public init() {}
    }

    private let clients: [LoopClient]
    private let group: EventLoopGroup

    public init(group: EventLoopGroup, configuration: Configuration = Configuration()) {
        self.group = group
        clients = group.loops.map { LoopClient(loop: $0, configuration: configuration) }
    }

    public func send(_ request: OutgoingRequest) async throws(HTTPClientError) -> IncomingResponse {
        let loop = group.any()
        let client = clients.first { $0.loop === loop } ?? clients[0]
        return try await client.send(request)
    }

    /// Ends every call and closes every connection.
    public func shutdown() async {
        for client in clients { await client.shutdown() }
    }
}

/// The client of one event loop.
actor LoopClient: LoopBound {
    nonisolated let loop: EventLoop
    private let configuration: HTTPClient.Configuration
    private var curl: CurlLoop?
    private var closed = false

    init(loop: EventLoop, configuration: HTTPClient.Configuration) {
        self.loop = loop
        self.configuration = configuration
    }

    func send(_ request: OutgoingRequest) async throws(HTTPClientError) -> IncomingResponse {
        guard !closed else { throw HTTPClientError(.shutdown, "the client is shutting down") }
        if Task.isCancelled || request.token?.isCancelled == true {
            throw HTTPClientError(.cancelled, "the call was cancelled")
        }
        if curl == nil { curl = CurlLoop(loop: loop, spareConnections: max(0, configuration.spareConnections)) }
        guard let curl,
            let transfer = curl.start(request, certificateAuthority: configuration.certificateAuthority)
        else { throw HTTPClientError(.badURL, "the URL or a header of the call is not usable") }
        let body = TransferBody(transfer, client: self)
        request.token?.onCancel { self.abandon(transfer) }
        let end = loop.now().advanced(by: transfer.timeouts.firstByte)
        while !transfer.state.hasHead {
            if case .failed(let error) = transfer.state.phase { throw error }
            let hasChanged = try await wait(for: transfer, until: end)
            if !hasChanged, transfer.state.isSilent { throw expire(transfer, .firstByte) }
        }
        return IncomingResponse(status: transfer.state.status, headers: transfer.state.headers, body: body)
    }

    /// What the transfer has at hand; from elsewhere than the loop it is not to be known.
    nonisolated func ready(_ transfer: CurlTransfer) throws(HTTPClientError) -> BodySupply {
        guard loop.isCurrent else { return .later }
        switch assumeIsolated({ $0.take(transfer) }) {
        case .piece(let bytes, _): return .piece(bytes)
        case .wait: return .later
        case .end: return .end
        case .failure(let error): throw error
        }
    }

    private func take(_ transfer: CurlTransfer) -> TransferState.Supply {
        let supply = transfer.take()
        if case .piece(_, resume: true) = supply { curl?.resume(transfer) }
        return supply
    }

    func next(_ transfer: CurlTransfer) async throws(HTTPClientError) -> [UInt8]? {
        switch try await next(transfer, until: loop.now().advanced(by: transfer.timeouts.betweenBytes)) {
        case .piece(let bytes): return bytes
        case .end: return nil
        case .later: throw expire(transfer, .betweenBytes)
        }
    }

    func next(_ transfer: CurlTransfer, until end: Instant) async throws(HTTPClientError) -> BodySupply {
        var isTimeLeft = true
        while true {
            switch take(transfer) {
            case .piece(let bytes, _): return .piece(bytes)
            case .wait:
                guard isTimeLeft else { return .later }
                // What comes between the end of the time and this task's turn is still given.
                isTimeLeft = try await wait(for: transfer, until: end)
            case .end: return .end
            case .failure(let error): throw error
            }
        }
    }

    /// Whether anything has changed before `end`.
    private func wait(for transfer: CurlTransfer, until end: Instant) async throws(HTTPClientError) -> Bool {
        let hasChanged = await withTaskCancellationHandler {
            // Reads this actor's state, and not for that alone: a closure that does not is not the actor's, and would
            // leave the loop and come back.
            guard !closed, !Task.isCancelled else { return true }
            return await transfer.wait(until: end)
        } onCancel: {
            abandon(transfer)
        }
        if Task.isCancelled { throw HTTPClientError(.cancelled, "the call was cancelled") }
        return hasChanged
    }

    /// Ends a call whose time for this phase is over.
    private func expire(_ transfer: CurlTransfer, _ phase: HTTPClientError.Phase) -> HTTPClientError {
        let error = HTTPClientError(.timeout(phase), "the provider was silent for too long (\(phase.rawValue))")
        transfer.fail(error)
        end(transfer)
        return error
    }

    /// Ends a call from wherever; at once when on the loop.
    nonisolated func abandon(_ transfer: CurlTransfer) {
        if loop.isCurrent {
            assumeIsolated { $0.end(transfer) }
        } else {
            loop.execute { self.assumeIsolated { $0.end(transfer) } }
        }
    }

    /// Lets the end of an answer come for a moment, so that its connection is kept.
    nonisolated func letFinish(_ transfer: CurlTransfer) {
        loop.execute { self.assumeIsolated { $0.discardRest(of: transfer) } }
    }

    private func discardRest(of transfer: CurlTransfer) {
        guard transfer.discardRest() else { return end(transfer) }
        _ = loop.schedule(at: loop.now().advanced(by: .milliseconds(500))) { [weak self] in
            self?.assumeIsolated { $0.end(transfer) }
        }
    }

    private func end(_ transfer: CurlTransfer) {
        curl?.remove(transfer)
        transfer.cancel()
    }

    /// A client that is dropped without `shutdown` closes its connections too.
    isolated deinit { curl?.close() }

    func shutdown() {
        closed = true
        curl?.close()
        curl = nil
    }
}

/// The reader's end of a transfer; its last reference gone, the transfer is cancelled.
private final class TransferBody: ResponseBody {
    private let transfer: CurlTransfer
    private let client: LoopClient
    private let finished = Atomic<Bool>(false)

    init(_ transfer: CurlTransfer, client: LoopClient) {
        self.transfer = transfer
        self.client = client
    }

    deinit {
        if !finished.load(ordering: .relaxed) { client.abandon(transfer) }
    }

    func finish() {
        guard !finished.exchange(true, ordering: .relaxed) else { return }
        client.letFinish(transfer)
    }

    func ready() throws(HTTPClientError) -> BodySupply { noted(try client.ready(transfer)) }

    func next() async throws(HTTPClientError) -> [UInt8]? { try await client.next(transfer) }

    func next(until end: Instant) async throws(HTTPClientError) -> BodySupply {
        noted(try await client.next(transfer, until: end))
    }

    /// Of an answer that has come to its proper end there is nothing to abandon.
    private func noted(_ supply: BodySupply) -> BodySupply {
        if case .end = supply { finished.store(true, ordering: .relaxed) }
        return supply
    }

    func cancel() { client.abandon(transfer) }
}
