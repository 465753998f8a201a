// Owns nothing: arrays are lent to the session for a call, and what it emits is copied.
@testable import Transport

/// A session with what it emits and what it gives out.
final class TLSEndpoint {
    private let session: TLSSession
    private var output: [UInt8] = []
    private(set) var plaintext: [UInt8] = []
    private(set) var outcome = TLSSession.Outcome.open

    init?(_ context: TLSContext) {
        guard let session = TLSSession(context, buffers: TLSBuffers()) else { return nil }
        self.session = session
    }

    var isSecured: Bool { session.isSecured }
    var isResumed: Bool { session.isResumed }
    var version: String { session.version }

    func receive(_ bytes: [UInt8], cut: Int = .max) {
        var rest = bytes[...]
        while !rest.isEmpty, outcome == .open {
            unsafe Array(rest.prefix(cut)).withUnsafeBytes { piece in
                outcome = unsafe session.receive(piece, into: &plaintext) { unsafe output.append(contentsOf: $0) }
            }
            rest = rest.dropFirst(cut)
        }
    }

    func seal(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { piece in
            unsafe session.seal(piece) { unsafe output.append(contentsOf: $0) }
        }
    }

    func finish() { unsafe session.finish { unsafe output.append(contentsOf: $0) } }

    func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }
}
