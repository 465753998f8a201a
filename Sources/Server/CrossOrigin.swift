internal import Base
internal import HTTP
internal import HTTPServer

/// Lets web pages of the configured origins read what they are sent (CORS), and answers `OPTIONS`. Which pages may send
/// anything at all is `HostAndOrigin`'s to say; the origins are the same ones. Where none are configured, no answer
/// has a header of CORS. Nothing is ever allowed with cookies: there are none.
struct CrossOrigin: Sendable {
    private let origins: Set<String>
    /// What a page may send, where that is limited.
    private let headers: String?
    private let maxAge: String
    private let everyMethod: String

    /// Names that a request for a preflight may hold, and their bytes.
    private static let maxNames = 64
    private static let maxNameBytes = 2048
    /// What a page may read of an answer besides the few headers that every page may.
    private static let exposed =
        "x-request-id, request-id, retry-after, x-tutti-cost, x-tutti-degraded, x-tutti-chaos, x-tutti-estimate, "
        + "openai-processing-ms, "
        + "x-ratelimit-limit-requests, x-ratelimit-limit-tokens, x-ratelimit-remaining-requests, "
        + "x-ratelimit-remaining-tokens, x-ratelimit-reset-requests, x-ratelimit-reset-tokens"

    /// `origins` in lower case. No `headers` means whatever a page asks for.
    init(origins: [String] = [], headers: [String] = [], maxAge: Duration = .seconds(600), methods: [String] = []) {
        self.origins = Set(origins)
        self.headers = headers.isEmpty ? nil : headers.joined(separator: ", ")
        self.maxAge = String(maxAge.saturatingNanoseconds / 1_000_000_000)
        everyMethod = CrossOrigin.list(methods)
    }

    /// Marks the answer to a request that `HostAndOrigin` has let pass. Nothing where no origins are configured.
    func mark(_ head: RequestHead, in answer: inout HTTPHeaders) {
        guard !origins.isEmpty else { return }
        answer.add("vary", "origin")
        guard let origin = allowed(head) else { return }
        answer.add("access-control-allow-origin", origin)
        answer.add("access-control-expose-headers", CrossOrigin.exposed)
    }

    /// The origin in the configuration's words; `nil` for one that is not there.
    private func allowed(_ head: RequestHead) -> String? {
        guard let given = head.headers["origin"]?.lowercased(), origins.contains(given) else { return nil }
        return given
    }

    /// Whether a browser asks for a page of ours what that may send.
    func isPreflight(_ head: RequestHead) -> Bool {
        head.method == "OPTIONS" && head.headers.contains("access-control-request-method") && allowed(head) != nil
    }

    /// The answer to `OPTIONS` of a path that exists, and of `*`: what may be asked of it, and of a preflight what may
    /// be sent with it. `nil` where the route table answers. Runs no route.
    func options(_ head: RequestHead, _ match: Router.Match) -> Response? {
        let allow: String
        switch match {
        case .wrongMethod(let methods): allow = CrossOrigin.list(methods)
        case .notFound where head.path == "*": allow = everyMethod
        default: return nil
        }
        var response = Response(status: 204, headers: ["allow": allow])
        guard !origins.isEmpty else { return response }
        response.headers.add(
            "vary", "origin, access-control-request-method, access-control-request-headers")
        guard let origin = allowed(head), head.headers.contains("access-control-request-method") else {
            return response
        }
        response.headers.add("access-control-allow-origin", origin)
        response.headers.add("access-control-allow-methods", allow)
        if let headers = headers ?? CrossOrigin.asked(head) {
            response.headers.add("access-control-allow-headers", headers)
        }
        response.headers.add("access-control-max-age", maxAge)
        return response
    }

    /// The names that a preflight asks for, if they are names.
    private static func asked(_ head: RequestHead) -> String? {
        guard let given = head.headers["access-control-request-headers"], given.utf8.count <= maxNameBytes else {
            return nil
        }
        let names = given.utf8.split(separator: UInt8(ascii: ","), maxSplits: maxNames).map {
            String(Substring($0)).trimmed
        }
        guard names.count <= maxNames, !names.isEmpty, names.allSatisfy(HTTPHeaders.isValidName) else { return nil }
        return names.joined(separator: ", ")
    }

    private static func list(_ methods: [String]) -> String {
        var all = Set(methods).union(["OPTIONS"])
        if all.contains("GET") { all.insert("HEAD") }
        return all.sorted().joined(separator: ", ")
    }
}

extension String {
    /// Without spaces and tabs at its ends.
    fileprivate var trimmed: String {
        func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        guard let first = firstIndex(where: { !isBlank($0) }), let last = lastIndex(where: { !isBlank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }
}
