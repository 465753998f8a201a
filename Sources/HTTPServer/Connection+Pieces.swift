internal import Base
internal import HTTP
internal import Transport

/// A request's body as it comes, for handlers that answer while they read.
extension Connection {
    /// The next part, waited for; `nil` at the end. Takes nothing of the memory for bodies: what is not asked for stays
    /// in the socket, and the client waits. Its time counts only while it is waited for, and the whole may take any.
    func nextPiece() async throws(CodedError) -> [UInt8]? {
        if let bodyFailure { throw bodyFailure }
        do throws(CodedError) {
            while !bodyEnded {
                switch try step() {
                case .body(let range): return Array(input[range])
                case .needMore:
                    try await readMore(isGathered: false)
                    if let bodyFailure { throw bodyFailure }
                case .head, .end: break
                }
            }
        } catch {
            bodyFailure = error
            throw error
        }
        return nil
    }

    /// Ends the wait for a part, and gives out no more. What the client still sends is read and dropped after the answer.
    nonisolated func stopPieces(request serial: Int) {
        let stop: @Sendable () -> Void = { self.assumeIsolated { $0.stopPieces(of: serial) } }
        if loop.isCurrent { stop() } else { loop.execute(stop) }
    }

    private func stopPieces(of serial: Int) {
        guard isServing(serial), !bodyEnded, bodyFailure == nil else { return }
        bodyFailure = CodedError(.cancelled, "No more of the body is wanted.")
        stream.interruptReader()
    }
}
