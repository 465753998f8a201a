// Ownership: the object owns the compiled pattern, which nothing changes after it is made, so that it may be shared, and
// frees it with its last reference. Pattern and text are borrowed for a call only.
internal import CShims

/// A pattern over UTF-8 text, in the syntax of RE2: what regular expressions mostly are, without back references and
/// look-around, and therefore matched in time linear in the text, whoever wrote pattern and text. A byte of text
/// mostly takes nanoseconds; at worst, in patterns that leave very many ways open, some 10 ns for each instruction of
/// the program, which is why its size is limited.
@safe
public final class RegularExpression: Sendable {
    /// The longest pattern that is read, in bytes.
    public static let maxLength = 4096
    /// The largest program that a pattern may become, in instructions.
    public static let maxProgramSize = 1000
    /// How many classes of characters by Unicode property (`\p`) a pattern may name. Each takes up to half a
    /// millisecond to read, before any program is made of it.
    public static let maxProperties = 8

    /// In bytes, enough for about 2,000 instructions before they are made fewer, so that what is far too large fails
    /// early.
    private static let trialMemory: Int64 = 24 << 10
    /// In bytes, most of it for what matching remembers: with little of it more texts take the slow way.
    private static let memory: Int64 = 1 << 20

    private nonisolated(unsafe) let compiled: OpaquePointer
    /// The compiled pattern's instructions, of which a byte of text may need every one.
    public let programSize: Int

    /// `nil` for what is no such pattern, or is too large a one. Compiling takes microseconds for most patterns and at
    /// worst a few milliseconds, also where it fails.
    public init?(_ pattern: String) {
        let bytes = Array(pattern.utf8)
        guard bytes.count <= Self.maxLength, Self.properties(in: bytes) <= Self.maxProperties,
            let trial = unsafe Self.compile(bytes, Self.trialMemory)
        else { return nil }
        let size = unsafe Int(tutti_regex_program_size(trial))
        unsafe tutti_regex_free(trial)
        guard size <= Self.maxProgramSize, let made = unsafe Self.compile(bytes, Self.memory) else { return nil }
        unsafe compiled = made
        programSize = size
    }

    private static func compile(_ pattern: [UInt8], _ memory: Int64) -> OpaquePointer? {
        unsafe pattern.withUnsafeBufferPointer { buffer in
            unsafe tutti_regex_compile(buffer.baseAddress, buffer.count, memory)
        }
    }

    /// At least as many as there are: what only looks like one counts, too.
    private static func properties(in pattern: [UInt8]) -> Int {
        zip(pattern, pattern.dropFirst()).count { $0 == UInt8(ascii: "\\") && $1 | 0x20 == UInt8(ascii: "p") }
    }

    deinit { unsafe tutti_regex_free(compiled) }

    /// Whether the pattern occurs anywhere in the text.
    public func occurs(in text: String) -> Bool {
        var text = text
        return text.withUTF8 { buffer in
            unsafe tutti_regex_occurs(compiled, buffer.baseAddress, buffer.count) != 0
        }
    }

    /// The same in text as its bytes, which must be UTF-8.
    public func occurs(in text: ArraySlice<UInt8>) -> Bool {
        unsafe text.withUnsafeBufferPointer { buffer in
            unsafe tutti_regex_occurs(compiled, buffer.baseAddress, buffer.count) != 0
        }
    }

    /// Where the match ends that begins at this place of UTF-8 text; `nil` when none does. What is before it is seen by
    /// `\b` and `^` alone.
    public func matchEnd(at start: Int, in text: Span<UInt8>) -> Int? {
        guard start >= 0, start <= text.count else { return nil }
        let end = unsafe text.withUnsafeBufferPointer { buffer in
            unsafe tutti_regex_match_at(compiled, buffer.baseAddress, buffer.count, start)
        }
        return end < 0 ? nil : Int(end)
    }

    /// Between which texts all those lie, in the order of their bytes, that the pattern matches from beginning to end;
    /// no more than the first bytes of these. `nil` when they may be any.
    public var bounds: (least: [UInt8], greatest: [UInt8])? {
        var least = [UInt8](repeating: 0, count: 16)
        var greatest = least
        var counts = (0, 0)
        let capacity = least.count
        let known = unsafe least.withUnsafeMutableBufferPointer { low in
            unsafe greatest.withUnsafeMutableBufferPointer { high in
                unsafe tutti_regex_bounds(
                    compiled, low.baseAddress, &counts.0, high.baseAddress, &counts.1, capacity)
            }
        }
        guard known != 0 else { return nil }
        return (Array(least.prefix(counts.0)), Array(greatest.prefix(counts.1)))
    }
}
