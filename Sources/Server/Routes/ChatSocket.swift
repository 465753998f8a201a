internal import Base
internal import HTTP
internal import HTTPServer
internal import Models
internal import Orchestrator
internal import Transport

/// What goes on over one socket: its client's turns, each a run of its own whose events it reads, beside each other. When
/// the socket ends, the runs lose a reader and nothing else.
actor ChatSocket: LoopBound {
    /// The most runs whose events one socket carries at once.
    static let maxRuns = 32

    nonisolated let loop: EventLoop
    private let socket: WebSocket
    private let exchange: Exchange
    /// What a message is handled by: that of its own moment, since a socket outlives configurations.
    private let current: @Sendable () -> Turns?
    private let admit: @Sendable () throws(CodedError) -> Void
    private let meter: SocketMeter
    private var running = 0

    /// - Parameters:
    ///   - current: `nil` when the server is stopping.
    ///   - admit: Asked again for each message that wants something, so that a key that was taken back is of no use on a
    ///     socket either.
    init(
        _ socket: WebSocket, _ exchange: Exchange, meter: SocketMeter, current: @escaping @Sendable () -> Turns?,
        admit: @escaping @Sendable () throws(CodedError) -> Void
    ) {
        loop = socket.loop
        self.socket = socket
        self.exchange = exchange
        self.meter = meter
        self.current = current
        self.admit = admit
    }

    /// Until the client closes, or has to hear that it is closed.
    func run() async -> WebSocketClose {
        await withDiscardingTaskGroup { group in
            let why = await listen(&group)
            // Readers that wait for events; those that are sending find the socket closed.
            group.cancelAll()
            await socket.close(why)
            return why
        }
    }

    private func listen(_ group: inout DiscardingTaskGroup) async -> WebSocketClose {
        while let message = await socket.receive() {
            meter.heard()
            guard case .text(let text) = message else { return .unsupported("Messages are JSON, as text.") }
            do throws(SocketMessage.Fault) {
                let said = try SocketMessage(text)
                if case .ping = said {
                    await say(SocketFrames.pong)
                    continue
                }
                do throws(CodedError) { try admit() } catch { return .policy("The key is no longer taken.") }
                if let reading = try begin(said) {
                    running += 1
                    group.addTask(executorPreference: loop) { await self.carry(reading) }
                }
            } catch {
                await say(SocketFrames.error(error.error, requestID: error.requestID, runID: nil))
            }
        }
        return .normal()
    }

    /// A run whose events go over this socket.
    private struct Reading: Sendable {
        let run: LiveRun
        let reader: RunReader
        /// The turn, where this socket began it.
        var turn: LiveTurn?
    }

    /// Does what the message wants; the run that is to be followed from now on, if there is one.
    private func begin(_ message: SocketMessage) throws(SocketMessage.Fault) -> Reading? {
        var requestID: String?
        do throws(CodedError) {
            guard let turns = current() else {
                throw CodedError(.shuttingDown, "The server is stopping. Try again in a moment.")
            }
            switch message {
            case .chat(var turn):
                let id = turn.requestID ?? turns.identifier(.request)
                requestID = id
                try checkRoom()
                turn.stream = true
                return try begin(turn, requestID: id, turns)
            case .resume(let runID, let after):
                try checkRoom()
                return try resume(runID, after: after, turns)
            case .cancel(let id):
                requestID = id
                guard turns.registry.cancel(id, scope: exchange.scope) else {
                    throw CodedError(.notFound, "No request with this id is running.", param: "requestId")
                }
                return nil
            case .ping: return nil
            }
        } catch {
            throw SocketMessage.Fault(error: error, requestID: requestID)
        }
    }

    private func checkRoom() throws(CodedError) {
        guard running < ChatSocket.maxRuns else {
            throw CodedError(
                .overloaded, "A socket carries at most \(ChatSocket.maxRuns) runs at once. Wait until one has ended.",
                retryAfter: .seconds(1))
        }
    }

    private func begin(_ turn: NativeTurn, requestID: String, _ turns: Turns) throws(CodedError) -> Reading {
        guard !turns.isDraining else {
            throw CodedError(.shuttingDown, "The server is stopping. Try again in a moment.")
        }
        let context = try turns.context(exchange, requestID: requestID)
        let live = try turns.beginLive(turn, context: context, on: loop)
        return Reading(run: live.run, reader: try live.run.attach(after: nil), turn: live)
    }

    private func resume(_ runID: String, after: Int?, _ turns: Turns) throws(CodedError) -> Reading {
        let run = try turns.liveRuns.run(runID, of: exchange.scope)
        return Reading(run: run, reader: try run.attach(after: after))
    }

    /// Sends a run's events as they come, a bounded piece in its turn; while the client takes nothing, the run's log
    /// fills, and then the run waits.
    private func carry(_ reading: Reading) async {
        let (run, reader) = (reading.run, reading.reader)
        do {
            while true {
                let events = try await reader.next()
                if events.isEmpty { break }
                try await socket.send(texts: events.map { SocketFrames.event($0, of: run) })
                meter.said(events.count)
            }
        } catch {
            reader.detach()
            // Neither the socket's end nor a cancel: this client held the run up for too long.
            if error is CancellationError, !Task.isCancelled { await say(Self.leftBehind(run)) }
        }
        if reading.turn?.end?.leavesNothing == true { current()?.liveRuns.forget(run) }
        running -= 1
    }

    private static func leftBehind(_ run: LiveRun) -> [UInt8] {
        let error = CodedError(
            .eventsGone,
            "The events of this run were taken too slowly, and are no longer sent here. Send `resume` with the sequence "
                + "of the last one.")
        return SocketFrames.error(error, requestID: run.requestID, runID: run.runID, kept: run.kept)
    }

    /// When the socket is gone there is nobody to tell.
    private func say(_ text: [UInt8]) async {
        do throws(TransportError) {
            try await socket.send(texts: [text])
            meter.said()
        } catch {}
    }
}
