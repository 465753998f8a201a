internal import Base

/// Whether the machine and the process's limits are fit for the server.
enum MachineChecks {
    static func all(_ configuration: Configuration?) -> [Finding] {
        var findings = [memory(hasLocalModel(configuration))].compactMap { $0 }
        if let limit = DescriptorLimit.current {
            findings.append(descriptors(limit.raised, connections: configuration?.server.maxConnections ?? 0))
        }
        return findings
    }

    /// Each connection takes one, the call that is made for it another.
    /// - Parameter now: What the server gives itself when it starts.
    static func descriptors(_ now: UInt64, connections: Int) -> Finding {
        let remedy = "Raise it (ulimit -Hn 65536, LimitNOFILE= for systemd), or lower server.max_connections."
        let text = "the limit of open files is \(now)"
        if now < 256 { return .fail(.machine, "descriptors", text + ", too few to serve with.", remedy) }
        guard now < 4096, UInt64(clamping: connections) * 2 + 64 > now else {
            return .ok(.machine, "descriptors", text)
        }
        return .warn(
            .machine, "descriptors", text + ", which is enough for about \(now / 2) requests at once.", remedy)
    }

    private static func hasLocalModel(_ configuration: Configuration?) -> Bool {
        configuration?.providers.contains { $0.dialect == .local } ?? false
    }

    private static func memory(_ hasLocalModel: Bool) -> Finding? {
        var text: [UInt8] = []
        guard Machine.read("/proc/meminfo", { if text.count < 1 << 16 { text += $0 } }) else { return nil }
        return memory(meminfo: String(decoding: text, as: UTF8.self), hasLocalModel: hasLocalModel)
    }

    /// - Parameter meminfo: As /proc/meminfo has it.
    static func memory(meminfo: String, hasLocalModel: Bool) -> Finding? {
        let line = meminfo.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ UInt64($0) }) else { return nil }
        let megabytes = kilobytes / 1024
        let needed: UInt64 = hasLocalModel ? 768 : 128
        guard megabytes < needed else { return .ok(.machine, "memory", "\(megabytes) MB are free") }
        return .warn(
            .machine, "memory", "\(megabytes) MB are free, and \(needed) MB are better.",
            hasLocalModel
                ? "End what else runs, or configure a provider instead of the local model." : "End what else runs.")
    }
}
