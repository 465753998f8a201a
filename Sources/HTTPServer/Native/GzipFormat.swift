// Ownership: the z_stream is allocated and freed here, at one address meanwhile, as zlib wants it; input and output are
// lent to zlib for the length of one call.
internal import CZlib

/// The gzip format, as zlib writes it.
enum GzipFormat {
    /// Larger bodies are left as they are.
    static let maxBytes = 64 << 20
    /// The fastest: JSON shrinks to a quarter or less by it, and better ones cost several times as much for a tenth.
    private static let level: Int32 = 1

    /// `bytes` compressed; `nil` where that would save nothing. About 6 µs for a kilobyte of JSON, and 270 KB of
    /// memory meanwhile.
    static func compressed(_ bytes: [UInt8]) -> [UInt8]? {
        guard (1...maxBytes).contains(bytes.count) else { return nil }
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        defer { unsafe stream.deallocate() }
        guard unsafe tutti_gzip_begin(stream, level) == Z_OK else { return nil }
        defer { unsafe deflateEnd(stream) }
        // No more room than the plain bytes take: what does not get smaller does not fit.
        let output = unsafe [UInt8](unsafeUninitializedCapacity: bytes.count) { room, count in
            let isComplete = unsafe bytes.withUnsafeBufferPointer { input in
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(clamping: input.count)
                unsafe stream.pointee.next_out = room.baseAddress
                unsafe stream.pointee.avail_out = UInt32(clamping: room.count)
                return unsafe deflate(stream, Z_FINISH) == Z_STREAM_END
            }
            count = isComplete ? room.count - Int(unsafe stream.pointee.avail_out) : 0
        }
        return output.isEmpty ? nil : output
    }
}
