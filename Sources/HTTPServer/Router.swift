/// Finds the route of a request: literal segments and `{name}` segments, compared as they were received (no
/// percent-decoding, so that what is authorised is what is routed). Routes are numbers here; the caller keeps what
/// they stand for, so that no generic code runs for a request.
public struct Router: Sendable {
    public enum Match: Sendable {
        /// With the number that the route was added under.
        case found(Int, parameters: [String: String])
        /// The path exists with other methods, which are named for `allow`.
        case wrongMethod(allowed: [String])
        case notFound
    }

    private struct Pattern: Sendable {
        var segments: [Substring]
        var routes: [(method: String, route: Int)]
    }

    private var literal: [String: [(method: String, route: Int)]] = [:]
    private var patterns: [Pattern] = []

    public init() {}

    /// Adds a route. `GET` routes answer `HEAD` too.
    public mutating func add(_ method: String, _ path: String, _ route: Int) {
        guard path.contains("{") else {
            literal[path, default: []].append((method, route))
            return
        }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        if let index = patterns.firstIndex(where: { $0.segments == segments }) {
            patterns[index].routes.append((method, route))
        } else {
            patterns.append(Pattern(segments: segments, routes: [(method, route)]))
        }
    }

    /// O(1) for literal paths, else O(patterns × segments).
    public func match(method: String, path: String) -> Match {
        if let routes = literal[path] { return choose(routes, method: method, parameters: [:]) }
        let segments = path.split(separator: "/", maxSplits: 32, omittingEmptySubsequences: false)
        for pattern in patterns where pattern.segments.count == segments.count {
            var parameters: [String: String] = [:]
            let matches = zip(pattern.segments, segments).allSatisfy { expected, actual in
                guard expected.first == "{" else { return expected == actual }
                parameters[String(expected.dropFirst().dropLast())] = String(actual)
                return !actual.isEmpty
            }
            if matches { return choose(pattern.routes, method: method, parameters: parameters) }
        }
        return .notFound
    }

    private func choose(
        _ routes: [(method: String, route: Int)],
        method: String,
        parameters: [String: String]
    ) -> Match {
        let wanted = method == "HEAD" ? "GET" : method
        if let route = routes.first(where: { $0.method == wanted }) {
            return .found(route.route, parameters: parameters)
        }
        return .wrongMethod(allowed: routes.map(\.method))
    }
}
