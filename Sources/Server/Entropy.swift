/// The seed of a process's generator, from the kernel: the one draw that no seed repeats.
enum Entropy {
    static func seed() -> UInt64 {
        var system = SystemRandomNumberGenerator()
        return system.next()
    }
}
