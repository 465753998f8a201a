/// Finds the route of a request: literal segments and `{name}` segments, compared as they were received (no
/// percent-decoding, so that what is authorised is what is routed). A last segment `{name...}` stands for the rest of
/// the path, slashes included. Routes are numbers here; the caller keeps what
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
        for pattern in patterns {
            guard let parameters = Router.parameters(of: segments, in: pattern.segments) else { continue }
            return choose(pattern.routes, method: method, parameters: parameters)
        }
        return .notFound
    }

    /// `nil` when the path does not fit.
    private static func parameters(of segments: [Substring], in pattern: [Substring]) -> [String: String]? {
        let takesRest = pattern.last?.hasSuffix("...}") ?? false
        guard segments.count == pattern.count || takesRest && segments.count > pattern.count else { return nil }
        var parameters: [String: String] = [:]
        for (index, expected) in pattern.enumerated() {
            guard expected.first == "{" else {
                if segments[index] != expected { return nil }
                continue
            }
            if segments[index].isEmpty { return nil }
            if takesRest, index == pattern.count - 1 {
                parameters[String(expected.dropFirst().dropLast(4))] = segments[index...].joined(separator: "/")
            } else {
                parameters[String(expected.dropFirst().dropLast())] = String(segments[index])
            }
        }
        return parameters
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
