internal import Telemetry

/// Counts sockets and what goes over them.
struct SocketMeter: Sendable {
    private let open: Gauge
    private let received: Counter
    private let sent: Counter

    init(registry: Metrics) {
        open = registry.gauge("tutti_sockets_open", "WebSockets that are open.").with()
        let messages = registry.counter(
            "tutti_socket_messages_total", "Messages over WebSockets, without pings and closes.", labels: ["direction"])
        received = messages.with("received")
        sent = messages.with("sent")
    }

    func opened() { open.add(1) }
    func closed() { open.add(-1) }
    func heard() { received.add() }
    func said(_ count: Int = 1) { sent.add(UInt64(count)) }
}
