internal import Base
internal import Identity

/// What is drawn from the kernel: the draws that no seed repeats.
enum Entropy {
    /// The seed of a process's generator.
    static func seed() -> UInt64 {
        var system = SystemRandomNumberGenerator()
        return system.next()
    }

    /// A new key for a caller.
    static func key() -> Secret {
        var system = SystemRandomNumberGenerator()
        return KeyText.make(using: &system)
    }

    /// 256 bits as 64 hexadecimal digits.
    static func secret() -> String {
        var system = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(system.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.utf8.count) + digits
        }.joined()
    }
}
