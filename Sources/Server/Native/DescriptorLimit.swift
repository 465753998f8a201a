// Ownership: none; the limits are a value of ours, lent to the system for a call.
internal import Glibc

/// How many files and sockets the process may have open.
struct DescriptorLimit: Equatable, Sendable {
    /// What holds now.
    let now: UInt64
    /// What the process may allow itself.
    let most: UInt64

    /// More than this is never asked for: where a system sets no limit, the kernel's tables would have none either.
    static let enough: UInt64 = 1 << 20

    /// `nil` where the system does not say.
    static var current: DescriptorLimit? {
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        return DescriptorLimit(now: UInt64(limit.rlim_cur), most: UInt64(limit.rlim_max))
    }

    /// What a server raises it to; ``now`` where that is no more.
    var raised: UInt64 { max(now, min(most, DescriptorLimit.enough)) }

    /// Raises the soft limit as far as the hard one allows, for this process and those that it starts. What holds then;
    /// `nil` where the system does not say.
    static func raise() -> DescriptorLimit? {
        guard let before = current, before.raised > before.now else { return current }
        var limit = rlimit(rlim_cur: rlim_t(before.raised), rlim_max: rlim_t(before.most))
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return current
    }
}
