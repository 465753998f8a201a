// Ownership: the three allocations belong to this object and are freed in `deinit`; sessions retain it. What lies in
// them is of no use after the call that put it there. The BIO_METHOD is made once and never freed.
internal import COpenSSL

/// Room that all TLS sessions of one loop share, since each needs it only while it is called: 84 KB a loop.
@safe
final class TLSBuffers {
    /// Four whole records, with what is around each of them.
    private static let outputSize = 4 * (16 * 1024 + 512)
    /// The plaintext of one whole record.
    private static let plainSize = 16 * 1024

    nonisolated(unsafe) static let method: OpaquePointer? = unsafe tutti_tls_wire_method()

    let wire: UnsafeMutablePointer<tutti_tls_wire>
    let plain: UnsafeMutableRawBufferPointer
    private let output: UnsafeMutableRawBufferPointer

    init() {
        unsafe plain = .allocate(byteCount: TLSBuffers.plainSize, alignment: 16)
        unsafe output = .allocate(byteCount: TLSBuffers.outputSize, alignment: 16)
        unsafe wire = .allocate(capacity: 1)
        unsafe wire.initialize(
            to: tutti_tls_wire(
                input: nil, input_left: 0, output: output.baseAddress?.assumingMemoryBound(to: UInt8.self),
                output_count: 0, output_capacity: output.count))
    }

    deinit {
        unsafe wire.deallocate()
        unsafe output.deallocate()
        unsafe plain.deallocate()
    }

    /// Hands out what is to be sent, and says how much it was.
    @discardableResult
    func flush(_ emit: (UnsafeRawBufferPointer) -> Void) -> Int {
        let count = unsafe wire.pointee.output_count
        guard count > 0 else { return 0 }
        unsafe wire.pointee.output_count = 0
        unsafe emit(UnsafeRawBufferPointer(rebasing: output[..<count]))
        return count
    }
}
