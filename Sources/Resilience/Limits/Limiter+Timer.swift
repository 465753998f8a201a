internal import Base
internal import Synchronization

extension Limiter {
    /// One timer a limiter, and only while somebody waits. It does not keep the limiter.
    func startTimer(_ era: UInt64, _ first: Instant) {
        Task { [weak self, time] in
            var wake = first
            while true {
                do throws(CancellationError) { try await time.sleep(until: wake) } catch { return }
                guard let next = self?.tick(era) else { return }
                wake = next
            }
        }
    }

    private func tick(_ era: UInt64) -> Instant? {
        let now = time.now()
        let (aftermath, wake) = core.withLock { $0.tick(era, now: now) }
        aftermath.carryOut(for: self)
        return wake
    }
}
