// Ownership: nothing is owned or kept. Each function borrows a span's or an array's storage for one call into libc
// or the standard library and returns a value; no pointer leaves its closure, and every range is checked first.
internal import Glibc

extension Array where Element == UInt8 {
    /// One `memcpy`, where a loop over the span would be a bounds check a byte.
    mutating func append(copying range: Range<Int>, of source: Span<UInt8>) {
        unsafe source.extracting(range).withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    }

    /// One `memcpy`; generic appending of a string's view goes byte by byte.
    mutating func append(text: String) {
        let utf8 = text.utf8.span
        append(copying: 0..<utf8.count, of: utf8)
    }

    mutating func append(copying range: Range<Int>, of source: [UInt8]) {
        append(copying: range, of: source.span)
    }
}

extension Span where Element == UInt8 {
    /// The first place of `byte` within `range`: `memchr`, about 20 bytes a nanosecond.
    func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
        if range.isEmpty { return nil }
        return unsafe extracting(range).withUnsafeBufferPointer { buffer -> Int? in
            guard let base = buffer.baseAddress, let found = unsafe memchr(base, Int32(byte), buffer.count) else {
                return nil
            }
            return unsafe range.lowerBound + (UnsafeRawPointer(found) - UnsafeRawPointer(base))
        }
    }
}
