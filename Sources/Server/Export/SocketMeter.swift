internal import Telemetry

/// Counts sockets and what goes over them.
struct SocketMeter: Sendable {
    let open: Gauge
    let received: Counter
    let sent: Counter

    init(registry: Metrics) {
        open = registry.gauge("tutti_sockets_open", "WebSockets that are open.").with()
        let messages = registry.counter(
            "tutti_socket_messages_total", "Messages over WebSockets, without pings and closes.", labels: ["direction"])
        received = messages.with("received")
        sent = messages.with("sent")
    }
}
