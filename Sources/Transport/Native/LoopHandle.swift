// Ownership: `open` allocates the memory of one libuv handle and puts a retained LoopHandle into `data`; the close
// callback frees the memory and releases that retain. So an owner lives at least as long as its handle is open, and
// a loop that stops can close whatever it still finds.
internal import CUV

/// What owns one libuv handle. Subclasses get typed access to it and hear when it is gone.
@safe
public class LoopHandle {
    init() {}

    private(set) final var raw: UnsafeMutableRawPointer?

    /// Allocates memory for a handle of `type`; `initialise` gets it and says whether libuv took it over.
    func open(_ type: uv_handle_type, _ initialise: (UnsafeMutableRawPointer) -> Int32) -> Int32 {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: uv_handle_size(type),
            alignment: MemoryLayout<UInt64>.alignment
        )
        let code = unsafe initialise(memory)
        guard code == 0 else {
            unsafe memory.deallocate()
            return code
        }
        unsafe uv_handle_set_data(
            memory.assumingMemoryBound(to: uv_handle_t.self),
            Unmanaged.passRetained(self).toOpaque()
        )
        unsafe raw = memory
        return 0
    }

    /// Whether the handle may be used; a loop that stops closes it before its owner hears of it.
    var isUsable: Bool {
        guard let raw = unsafe raw else { return false }
        return unsafe uv_is_closing(raw.assumingMemoryBound(to: uv_handle_t.self)) == 0
    }

    /// Gives the handle out to be closed by ``closed``; this object is without one from now on.
    func takeRaw() -> UnsafeMutableRawPointer? {
        defer { unsafe raw = nil }
        return unsafe raw
    }

    /// Begins to close the handle, if it is open.
    func closeHandle() {
        guard let memory = unsafe takeRaw() else { return }
        let handle = unsafe memory.assumingMemoryBound(to: uv_handle_t.self)
        if unsafe uv_is_closing(handle) == 0 { unsafe uv_close(handle, LoopHandle.closed) }
    }

    /// Called on the loop once the handle is closed, whoever closed it.
    func handleClosed() {}

    static let closed: uv_close_cb = { handle in
        let owner = unsafe Unmanaged<LoopHandle>.fromOpaque(uv_handle_get_data(handle)).takeRetainedValue()
        unsafe owner.raw = nil
        unsafe UnsafeMutableRawPointer(handle!).deallocate()
        owner.handleClosed()
    }

    /// The owner of a handle, inside a callback.
    static func owner<Handle>(of handle: UnsafeMutablePointer<Handle>?) -> LoopHandle {
        let any = unsafe UnsafeMutableRawPointer(handle!).assumingMemoryBound(to: uv_handle_t.self)
        return unsafe Unmanaged<LoopHandle>.fromOpaque(uv_handle_get_data(any)).takeUnretainedValue()
    }
}
