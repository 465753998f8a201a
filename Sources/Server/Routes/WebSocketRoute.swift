internal import Base
internal import HTTP
internal import HTTPServer
internal import Orchestrator

/// `GET /api/orchestrator/ws`: several turns at once on one socket, each with its run events. Who may not use it hears
/// that before it becomes a socket, in a status like any other.
struct WebSocketRoute: Sendable {
    /// The subprotocol, beside which a page puts its key; see `PresentedKey`.
    static let subprotocol = "tutti"

    let limits: WebSocketLimits
    let gatekeeper: Gatekeeper
    let meter: SocketMeter
    /// What new messages are handled by.
    let current: @Sendable () -> Turns?

    private static let access = Access.role(.member)

    var route: Route {
        Route(
            method: "GET", path: "/api/orchestrator/ws", operation: .webSocket, access: WebSocketRoute.access,
            answersWhileDraining: false
        ) { exchange, writer in
            await handle(exchange, writer)
        }
    }

    private func handle(_ exchange: Exchange, _ writer: consuming ResponseWriter) async -> RouteOutcome {
        let handshake: WebSocketHandshake
        do throws(CodedError) {
            handshake = try WebSocketHandshake(exchange.request.head, subprotocols: [WebSocketRoute.subprotocol])
        } catch {
            if error.code == .upgradeRequired {
                for (name, value) in WebSocketHandshake.invitation { writer.headers.set(name, value) }
            }
            return await RouteOutcome.failed(error, exchange, writer)
        }
        let (gatekeeper, current, meter) = (gatekeeper, current, meter)
        let answered = await writer.upgrade(handshake, limits: limits) { socket in
            meter.opened()
            let chat = ChatSocket(socket, exchange, meter: meter, current: current) { () throws(CodedError) in
                _ = try gatekeeper.admit(exchange, to: WebSocketRoute.access)
            }
            let why = await chat.run()
            meter.closed()
            return why
        }
        return RouteOutcome(answered)
    }
}
