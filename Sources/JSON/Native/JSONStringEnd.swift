// Ownership: the bytes are borrowed for the call only.
internal import CShims

/// Where strings of JSON end, found without reading them.
public enum JSONStringEnd {
    /// The index after the quote that ends the string whose first character is at `start`; the end of the bytes when
    /// none does. Searches as fast as memory is read; never fails.
    public static func find(in bytes: Span<UInt8>, from start: Int) -> Int {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress, start < buffer.count else { return buffer.count }
            return unsafe Int(tutti_json_string_end(base, buffer.count, start))
        }
    }
}
