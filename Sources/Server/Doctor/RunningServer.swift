internal import Base
internal import HTTP
internal import HTTPClient
internal import Transport

/// What answers on the address that the server is to listen on.
struct RunningServer: Sendable {
    let client: any HTTPCalling
    let listen: ListenAddress
    /// Whether it speaks TLS. Then it is not asked: its certificate is for the names that clients use, not for this
    /// address.
    var speaksTLS = false

    /// What a server that is running says of itself, as far as it says it without a key.
    struct Words: Sendable, Equatable {
        var readiness: [UInt8]
        var metrics: [UInt8]?
    }

    /// At most of each answer.
    private static let limit = 2 << 20

    func find() async -> (finding: Finding, words: Words?) {
        let address = listen.description
        switch await isFree() {
        case nil:
            return (.ok(.configured, "listen", "\(address) is free"), nil)
        case .addressInUse? where speaksTLS:
            return (
                .warn(
                    .configured, "listen", "\(address) is taken, by this server or by another program.",
                    "Ask by the server's name: curl https://NAME:\(listen.port)/readyz"), nil
            )
        case .addressInUse?:
            guard let words = await words() else {
                return (
                    .fail(
                        .configured, "listen", "\(address) is taken by another program.",
                        "Stop it, or choose another address: --listen \(listen.host):0"), nil
                )
            }
            return (.ok(.configured, "listen", "a Tutti answers on \(address)"), words)
        case .permissionDenied?:
            return (
                .fail(
                    .configured, "listen", "this user may not listen on \(address).", "Choose a port above 1023."), nil
            )
        default:
            return (
                .fail(
                    .configured, "listen", "\(address) cannot be listened on.",
                    "Choose an address of this machine: --listen 127.0.0.1:8080"), nil
            )
        }
    }

    /// Why it is not free; `nil` when it is.
    private func isFree() async -> TransportError.Kind? {
        // A port that the system chooses is always free.
        if listen.port == 0 { return nil }
        // SO_REUSEPORT lets two servers listen side by side, so asking comes before trying.
        if !speaksTLS, await get("/healthz") != nil { return .addressInUse }
        return Machine.listens(listen.host, listen.port)
    }

    private func words() async -> Words? {
        guard let health = await get("/healthz"), health.status == 200,
            String(decoding: health.body, as: UTF8.self) == #"{"status":"ok"}"#, let ready = await get("/readyz")
        else { return nil }
        let metrics = await get("/metrics")
        return Words(readiness: ready.body, metrics: metrics.flatMap { $0.status == 200 ? $0.body : nil })
    }

    /// `nil` where nobody speaks HTTP.
    private func get(_ path: String) async -> (status: Int, body: [UInt8])? {
        let host = ["0.0.0.0": "127.0.0.1", "::": "::1"][listen.host] ?? listen.host
        let shown = host.contains(":") ? "[\(host)]" : host
        let limit = Duration.seconds(2)
        let request = OutgoingRequest(
            method: "GET", url: "http://\(shown):\(listen.port)\(path)",
            timeouts: .init(connect: .milliseconds(500), firstByte: limit, betweenBytes: limit, total: limit),
            maxBodyBytes: Self.limit)
        do {
            let response = try await client.send(request)
            return (response.status, try await response.body.collect(limit: Self.limit))
        } catch { return nil }
    }
}
