import HTTPServer
import Testing

@Suite struct RouterTests {
    private static let names = ["health", "chat", "models", "events", "forget", "rest"]
    private static let router: Router = {
        var router = Router()
        router.add("GET", "/healthz", 0)
        router.add("POST", "/v1/chat/completions", 1)
        router.add("GET", "/v1/models", 2)
        router.add("GET", "/runs/{id}/events", 3)
        router.add("DELETE", "/runs/{id}/events", 4)
        router.add("GET", "/v1/models/{name...}", 5)
        return router
    }()

    private func words(_ method: String, _ path: String) -> String {
        switch Self.router.match(method: method, path: path) {
        case .found(let route, let parameters):
            Self.names[route] + parameters.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        case .wrongMethod(let allowed): "allow \(allowed.joined(separator: ","))"
        case .notFound: "none"
        }
    }

    @Test(arguments: [
        ("GET", "/healthz", "health"), ("HEAD", "/healthz", "health"), ("POST", "/healthz", "allow GET"),
        ("GET", "/healthz/", "none"), ("GET", "/HEALTHZ", "none"), ("GET", "/%68ealthz", "none"),
        ("POST", "/v1/chat/completions", "chat"), ("HEAD", "/v1/chat/completions", "allow POST"),
        ("GET", "/runs/r1/events", "events id=r1"), ("DELETE", "/runs/a%2Fb/events", "forget id=a%2Fb"),
        ("PUT", "/runs/r1/events", "allow GET,DELETE"), ("GET", "/runs//events", "none"),
        ("GET", "/runs/r1/events/x", "none"), ("GET", "/", "none"), ("GET", "", "none"), ("GET", "*", "none"),
        ("get", "/healthz", "allow GET"), ("GET", "/v1/models/a", "rest name=a"),
        ("GET", "/v1/models/a%2Fb/c//d", "rest name=a%2Fb/c//d"), ("GET", "/v1/models/", "none"),
        ("POST", "/v1/models/a/b", "allow GET"),
    ])
    func `paths and methods find their routes exactly`(_ method: String, _ path: String, _ expected: String) {
        #expect(words(method, path) == expected)
    }

    @Test func `a path of a million slashes is no route`() {
        #expect(words("GET", String(repeating: "/", count: 1_000_000)) == "none")
    }
}
