// Ownership: the object owns the compiled pattern, which nothing changes after it is made, so that it may be shared, and
// frees it with its last reference. Pattern and text are borrowed for a call only.
internal import CShims

/// A pattern over UTF-8 text, in the syntax of RE2: what regular expressions mostly are, without back references and
/// look-around, and therefore matched in time linear in the text, whoever wrote pattern and text.
@safe
public final class RegularExpression: Sendable {
    /// What a pattern may take, in bytes.
    private static let memory: Int64 = 1 << 20
    /// The longest pattern that is read, in bytes.
    public static let maxLength = 4096

    private nonisolated(unsafe) let compiled: OpaquePointer

    /// `nil` for what is no such pattern, or is too large a one. Compiling takes microseconds.
    public init?(_ pattern: String) {
        guard pattern.utf8.count <= Self.maxLength else { return nil }
        let bytes = Array(pattern.utf8)
        let made = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe tutti_regex_compile(buffer.baseAddress, buffer.count, Self.memory)
        }
        guard let made = unsafe made else { return nil }
        unsafe compiled = made
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
}
