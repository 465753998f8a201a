internal import Base

/// Durations and sizes as a configuration writes them.
enum Quantities {
    /// `200ms`, `5s`, `5m`, `1h`: a whole number and its unit. `nil` for anything else or more than a century.
    static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text), let factor = durationUnits[unit] else { return nil }
        let (milliseconds, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow, milliseconds <= 100 * 365 * 86_400_000 else { return nil }
        return .milliseconds(milliseconds)
    }

    /// Whole seconds as `5s`, else milliseconds as `200ms`.
    static func text(_ duration: Duration) -> String {
        let milliseconds = duration.saturatingNanoseconds / 1_000_000
        return milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }

    /// Whole hours as `24h`, else as ``text(_:)`` writes it.
    static func inHours(_ duration: Duration) -> String {
        let seconds = duration.saturatingNanoseconds / 1_000_000_000
        return seconds > 0 && duration == .seconds(seconds / 3600 * 3600) ? "\(seconds / 3600)h" : text(duration)
    }

    /// `50MB`, `64KB`, `1GB` or plain bytes; a kilobyte is 1024 bytes. `nil` for anything else or what overflows.
    static func size(_ text: String) -> Int? {
        guard let (number, unit) = split(text), let factor = sizeUnits[unit] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// Bytes in the largest unit that leaves no rest.
    static func text(bytes: Int) -> String {
        for (unit, factor) in [("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)]
        where bytes > 0 && bytes % factor == 0 {
            return "\(bytes / factor)\(unit)"
        }
        return "\(bytes)"
    }

    /// A whole number from zero on, digits only.
    static func count(_ text: String) -> Int? {
        guard let (number, unit) = split(text), unit.isEmpty else { return nil }
        return number
    }

    /// A whole number without its fraction.
    static func text(_ number: Double) -> String { Int(exactly: number).map { "\($0)" } ?? "\(number)" }

    private static let durationUnits = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
    private static let sizeUnits = ["": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30]

    private static func split(_ text: String) -> (Int, String)? {
        let digits = text.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !digits.isEmpty, digits.count <= 18, let number = Int(String(digits) ?? "") else { return nil }
        return (number, String(text.utf8.dropFirst(digits.count)) ?? "?")
    }
}
