internal import Base
internal import Transport

/// One lazy timer for all that a connection waits for: deadlines, going to rest, heartbeats.
extension Connection {
    func setDeadline(after duration: Duration) { setDeadline(at: loop.now().advanced(by: duration)) }

    func setDeadline(at time: Instant) {
        deadline = time
        armTimer()
    }

    /// One timer a connection, re-armed when it fires or for an earlier time: setting a later deadline is a store.
    func armTimer() {
        var next = deadline
        if let restTime { next = min(restTime, next ?? restTime) }
        if let heartbeat, outgoing != .silent {
            let beat = lastWrite.advanced(by: heartbeat.interval)
            next = min(beat, next ?? beat)
        }
        guard let next else { return }
        if let timer {
            guard next < timer.time else { return }
            loop.cancel(timer.id)
        }
        timer = (loop.schedule(at: next) { self.assumeIsolated { $0.timerFired() } }, next)
    }

    private func timerFired() {
        timer = nil
        let now = loop.now()
        if let deadline, deadline <= now {
            // What came in this very turn was in time; its reader sets the next deadline.
            if idle, stream.hasUnread { return }
            self.deadline = nil
            timedOut = true
            stream.stopReading()
        }
        if let restTime, restTime <= now {
            self.restTime = nil
            stream.interruptReader()
        }
        if let heartbeat, lastWrite.advanced(by: heartbeat.interval) <= now { beat() }
        armTimer()
    }
}
