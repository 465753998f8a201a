internal import Base
internal import HTTP
internal import HTTPClient
internal import Transport

/// Asks each provider for its models without a key: that costs nothing, and shows whether name, route, certificate and
/// clocks are in order. Any answer of HTTP will do.
struct ProviderProbe: Sendable {
    let client: any HTTPCalling
    let time: any TimeSource
    /// For all of one probe.
    var limit = Duration.seconds(5)
    /// By how much clocks may differ before it is told of.
    private static let skew: Int64 = 30

    /// In the order of the configuration, all asked at once; the client bounds how many connections there are.
    func all(_ providers: [Configuration.Provider]) async -> [Finding] {
        var found: [Int: Finding] = [:]
        await withTaskGroup(of: (Int, Finding)?.self) { group in
            for (place, provider) in providers.enumerated() {
                guard case .remote(let remote) = provider.service else { continue }
                group.addTask { (place, await self.finding(provider.name, remote)) }
            }
            for await case let (place, finding)? in group { found[place] = finding }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    private func finding(_ name: String, _ remote: Configuration.Remote) async -> Finding {
        let path = remote.dialect == .anthropic ? "/v1/models" : "/models"
        var request = OutgoingRequest(
            method: "GET", url: remote.baseURL.text + path,
            timeouts: .init(connect: limit, firstByte: limit, betweenBytes: limit, total: limit),
            maxBodyBytes: 1 << 20, proxy: remote.proxy?.text)
        request.headers = ["accept": "application/json"]
        do throws(HTTPClientError) {
            let response = try await client.send(request)
            let now = time.wallTime().seconds
            response.body.cancel()
            return judged(name, response.status, date: response.headers["date"], now: now)
        } catch {
            return failed(name, error, remote.baseURL.host)
        }
    }

    private func judged(_ name: String, _ status: Int, date: String?, now: Int64) -> Finding {
        let label = "provider/\(name)"
        if let date, let theirs = HeaderDate.seconds(date), abs(now - theirs) > Self.skew {
            return .warn(
                .reachable, label, "answers \(status), but its clock and ours differ by \(abs(now - theirs)) s.",
                "Set this machine's clock (timedatectl set-ntp true).")
        }
        switch status {
        case 407:
            return .fail(.reachable, label, "the proxy wants to know who asks (407).", "Look at the provider's proxy.")
        case 300..<400:
            return .warn(
                .reachable, label, "answers \(status), which leads elsewhere.",
                "Give base_url the address that it leads to.")
        case 500...:
            return .warn(
                .reachable, label, "is reached and answers \(status).",
                "Look at the provider's status page; chains go on without it.")
        // A refusal is an answer: nobody said who asks.
        default: return .ok(.reachable, label, "answers \(status)")
        }
    }

    private func failed(_ name: String, _ error: HTTPClientError, _ host: String) -> Finding {
        let label = "provider/\(name)"
        switch error.kind {
        case .tls:
            return .fail(
                .reachable, label, "the certificate or handshake of \(host) is refused: \(error.message).",
                "Look at base_url, the clock, and the certificates of this machine (ca-certificates).")
        case .timeout:
            return .fail(
                .reachable, label, "\(host) does not answer within \(limit.seconds) s.",
                "Look at firewall, proxy and base_url.")
        case .badAddress:
            return .fail(
                .reachable, label, "\(host) leads to where no provider is, and is not called: \(error.message).",
                "Mend base_url or proxy, or what answers for that name: DNS, /etc/hosts.")
        case .unreachable:
            return .fail(
                .reachable, label, "there is no connection to \(host): \(error.message).",
                "Look at the name in base_url, DNS, firewall and proxy.")
        default:
            return .fail(
                .reachable, label, "\(host) does not speak HTTP as it should: \(error.message).",
                "Look at scheme, port and path of base_url.")
        }
    }
}
