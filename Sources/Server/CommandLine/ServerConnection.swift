internal import Base
internal import HTTP
internal import HTTPClient
internal import JSON

/// How the command line reaches a server: the one at `TUTTI_URL`, or at the default address, with the key of
/// `TUTTI_API_KEY` where there is one.
struct ServerConnection: Sendable {
    static let defaultAddress = "http://127.0.0.1:8080"

    var address: String
    /// For a server that asks for one.
    let key: Secret?
    let client: HTTPClient
    /// Whether the address was named, and not only assumed.
    let isNamed: Bool

    init(_ environment: [String: String], client: HTTPClient) {
        var named = environment["TUTTI_URL"].flatMap { $0.isEmpty ? nil : $0 }
        while named?.hasSuffix("/") == true { named?.removeLast() }
        address = named ?? Self.defaultAddress
        isNamed = named != nil
        key = environment["TUTTI_API_KEY"].flatMap { $0.isEmpty ? nil : Secret($0) }
        self.client = client
    }

    /// Whether a server is there at all.
    func answers() async -> Bool {
        var request = OutgoingRequest(method: "GET", url: address + "/healthz")
        request.timeouts.connect = .milliseconds(300)
        request.timeouts.firstByte = .seconds(2)
        guard let response = try? await client.send(request) else { return false }
        return response.status == 200
    }

    /// Sends a request to one of its routes.
    /// - Throws: what the server says is wrong, as a sentence for people.
    func send(
        _ path: String, body: JSON? = nil, waits: Bool = false
    ) async throws(CodedError) -> IncomingResponse {
        var request = OutgoingRequest(method: body == nil ? "GET" : "POST", url: address + path)
        if let body {
            request.headers.add("content-type", "application/json")
            request.body = body.bytes
        }
        // A whole answer's head comes with its end.
        if waits { request.timeouts.firstByte = request.timeouts.total }
        return try await send(request)
    }

    /// Sends JSON Lines, whose answers may take as long as they do.
    func send(lines: [UInt8], to path: String) async throws(CodedError) -> IncomingResponse {
        var request = OutgoingRequest(url: address + path, headers: ["content-type": "application/jsonl"], body: lines)
        request.timeouts.total = .seconds(7 * 86_400)
        request.timeouts.betweenBytes = .seconds(120)
        request.maxBodyBytes = 1 << 40
        return try await send(request)
    }

    private func send(_ plain: OutgoingRequest) async throws(CodedError) -> IncomingResponse {
        var request = plain
        if let key { request.headers.add("authorization", "Bearer \(key.reveal())") }
        let response: IncomingResponse
        var problem: [UInt8] = []
        do throws(HTTPClientError) {
            response = try await client.send(request)
            if response.status != 200 { problem = try await response.body.collect(limit: 1 << 20) }
        } catch {
            throw CodedError(.providerUnreachable, "\(address) does not answer: \(error.message).")
        }
        guard response.status == 200 else { throw Self.problem(problem) }
        return response
    }

    /// The body of an answer that is wanted whole.
    func whole(_ path: String, body: JSON? = nil) async throws(CodedError) -> [UInt8] {
        let response = try await send(path, body: body, waits: true)
        do throws(HTTPClientError) { return try await response.body.collect(limit: 64 << 20) } catch {
            throw CodedError(.providerStreamBroken, "the answer broke off: \(error.message)")
        }
    }

    private static func problem(_ body: [UInt8]) -> CodedError {
        let detail = (try? JSONDocument(body))?.root["detail"]?.string
        return CodedError(.providerFailed, detail ?? "the server gave an answer that is no Tutti server's")
    }
}
