internal import Base
internal import HTTP

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
                case .needMore: try await readMore(isGathered: false)
                case .head, .end: break
                }
            }
        } catch {
            bodyFailure = error
            throw error
        }
        return nil
    }
}
