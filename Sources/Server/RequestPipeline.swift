internal import Base
internal import HTTP
internal import HTTPServer
internal import Synchronization
internal import Telemetry

/// What every request passes, in this order:
///
/// 1. request id: the client's own where it may be taken, else ours; on every answer
/// 2. trace: the client's `traceparent`, else a new one
/// 3. host and origin: rebound names and foreign web pages end here; `OPTIONS` is answered
/// 4. key: who asks, and whether they may use the route; whoever may not hears the same of paths that are not there
/// 5. route: unknown paths and methods end here
/// 6. draining: new work is refused while the server stops
/// 7. the route's handler, which reads the body within its limit
/// 8. metrics and the access log, also for what ended early
///
/// Sizes and times of line, headers and body are the connection's (`ServerLimits`). What works for a moment is kept out of
/// line: its temporaries are not to lie in the frame that every request in flight holds.
final class RequestPipeline: Sendable {
    private let router: Router
    private let routes: [Route]
    /// By route, then one for what has none.
    private let meters: [RequestMeter]
    private let hostAndOrigin: HostAndOrigin
    private let crossOrigin: CrossOrigin
    private let proxies: TrustedProxies
    private let gatekeeper: Gatekeeper
    private let logger: Logger
    private let time: any TimeSource
    private let generator: Mutex<SeededGenerator>
    private let drainState: DrainState

    init(
        routes: [Route], hostAndOrigin: HostAndOrigin, crossOrigin: CrossOrigin = CrossOrigin(),
        proxies: TrustedProxies = TrustedProxies([]), gatekeeper: Gatekeeper, logger: Logger, metrics: ServerMetrics,
        drainState: DrainState, time: any TimeSource, generator: SeededGenerator
    ) {
        var router = Router()
        for (number, route) in routes.enumerated() { router.add(route.method, route.path, number) }
        self.router = router
        self.routes = routes
        meters = routes.map { metrics.requestMeter(route: $0.path) } + [metrics.requestMeter(route: "other")]
        self.hostAndOrigin = hostAndOrigin
        self.crossOrigin = crossOrigin
        self.proxies = proxies
        self.gatekeeper = gatekeeper
        self.logger = logger
        self.drainState = drainState
        self.time = time
        self.generator = Mutex(generator)
    }

    func handle(_ request: Request, _ writer: consuming ResponseWriter) async -> Answered {
        let head = request.head
        let requestID = self.requestID(head)
        writer.headers.add("x-request-id", requestID)
        // The name under which Anthropic's clients look for it.
        if ErrorRendering.isAnthropic(head.path) { writer.headers.add("request-id", requestID) }
        var exchange = Exchange(
            request: request, requestID: requestID, scope: .nobody, trace: trace(head),
            client: proxies.client(of: request.peer, headers: head.headers), parameters: [:])
        var number = routes.count
        let outcome: RouteOutcome
        do throws(CodedError) {
            try hostAndOrigin.check(head)
            let match = router.match(method: head.method, path: head.path)
            let options = head.method == "OPTIONS" ? crossOrigin.options(head, match) : nil
            // A browser sends no key with a preflight.
            if options == nil || !crossOrigin.isPreflight(head) {
                crossOrigin.mark(head, in: &writer.headers)
                if case .found(let found, _) = match { number = found }
                exchange.scope = try gatekeeper.admit(exchange, to: access(number))
            }
            if let options {
                let outcome = RouteOutcome(await writer.send(options))
                finish(exchange, route: routes.count, outcome, at: time.now())
                return outcome.answered
            }
            if case .wrongMethod(let allowed) = match {
                writer.headers.add("allow", RequestPipeline.allow(allowed))
            }
            let parameters: [String: String]
            (number, parameters) = try RequestPipeline.found(match)
            // Asked in their place: a route is a dozen references to copy.
            if drainState.isDraining, !routes[number].answersWhileDraining {
                throw CodedError(.shuttingDown, "The server is stopping. Try again in a moment.")
            }
            exchange.parameters = parameters
            if time.isCrowded { await time.giveWay() }
            outcome = await routes[number].handle(exchange, writer)
        } catch {
            outcome = await RouteOutcome.failed(error, exchange, writer)
        }
        // The answer has gone; the line about it can wait.
        let ended = time.now()
        if time.isCrowded { await time.giveWay() }
        finish(exchange, route: number, outcome, at: ended)
        return outcome.answered
    }

    /// Of a route by its number. What has none still needs some key: others learn nothing of what there is.
    private func access(_ number: Int) -> Access {
        number < routes.count ? routes[number].access : .role(.viewer)
    }

    /// Answers what is not a request at all: an id of ours, a metric and a line of the log like any other.
    func refuse(_ error: CodedError) -> Response {
        let requestID = newRequestID()
        meters[routes.count].requestEnded(method: "other", status: error.code.status, duration: .zero)
        logger.log(
            .info, "request refused", .string("request_id", requestID), .int("status", error.code.status),
            .string("code", error.code.name))
        var response = ErrorRendering.protocolError(error)
        response.headers.add("x-request-id", requestID)
        return response
    }

    @inline(never)
    private func requestID(_ head: RequestHead) -> String {
        if let own = head.headers["x-request-id"], Identifier.isAcceptable(own) { return own }
        return newRequestID()
    }

    private func newRequestID() -> String {
        let now = time.wallTime()
        return generator.withLock { Identifier.make(.request, at: now, using: &$0) }
    }

    @inline(never)
    private func trace(_ head: RequestHead) -> TraceContext {
        let spanID = generator.withLock { $0.next() } | 1
        if let given = head.headers["traceparent"], var trace = TraceContext(traceparent: given) {
            trace.spanID = spanID
            return trace
        }
        return generator.withLock { TraceContext(using: &$0) }
    }

    @inline(never)
    private static func found(_ match: Router.Match) throws(CodedError) -> (Int, [String: String]) {
        switch match {
        case .found(let number, let parameters): return (number, parameters)
        case .wrongMethod: throw CodedError(.methodNotAllowed, "This path knows other methods; see `allow`.")
        case .notFound:
            throw CodedError(
                .notFound, "There is nothing under this path. Look at its spelling; GET /v1/models is there.")
        }
    }

    @inline(never)
    private func finish(_ exchange: Exchange, route number: Int, _ outcome: RouteOutcome, at ended: Instant) {
        let head = exchange.request.head
        let duration = ended.since(exchange.request.received)
        let method = ServerMetrics.known(method: head.method)
        meters[number].requestEnded(method: method, status: outcome.answered.status, duration: duration)
        let route = number < routes.count ? routes[number].path : "other"
        let level: LogLevel = outcome.error?.code.isTechnical == true ? .error : .info
        logger.log(
            level, "request", .string("request_id", outcome.requestID ?? exchange.requestID), .string("method", method),
            .string("route", route), .string("key", exchange.keyName), .int("status", outcome.answered.status),
            .double("duration_ms", duration.milliseconds), .string("client", exchange.client.text),
            .bool("complete", outcome.answered.isComplete),
            .string("code", outcome.error?.code.name), .string("detail", outcome.error?.logged),
            .string("trace_id", exchange.trace.traceID))
    }
}
