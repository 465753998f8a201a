internal import Synchronization

/// A body that many answers have: compressed once, when the first client wants it so, for as long as it is kept.
public final class KeptBody: Sendable {
    public let bytes: [UInt8]

    private enum Packed {
        case unknown
        /// `nil` where compressing saves nothing.
        case known([UInt8]?)
    }

    private let packed = Mutex(Packed.unknown)

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The bytes that `compress` has made of them: now, or before. Who comes at the same moment may make them too,
    /// since nobody waits for a lock meanwhile.
    func compressed(_ compress: ([UInt8]) async -> [UInt8]?) async -> [UInt8]? {
        if case .known(let known) = packed.withLock({ $0 }) { return known }
        let made = await compress(bytes)
        packed.withLock { $0 = .known(made) }
        return made
    }
}
