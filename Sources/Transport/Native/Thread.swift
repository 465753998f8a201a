// Ownership: the boxed closure is retained into pthread_create and released by the new thread, once; on failure
// the caller takes it back.
internal import CShims
internal import Glibc

/// Threads of our own, for loops and for blocking work that must never run on one.
public enum Thread {
    private final class Body {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Starts a detached thread. Traps when the system refuses one: nothing could be served without it. `stackBytes`,
    /// a multiple of the page, is set aside in address space alone; memory is what the thread touches of it.
    public static func start(name: String, stackBytes: Int = 8 << 20, _ body: @escaping @Sendable () -> Void) {
        let box = Body {
            unsafe tutti_name_thread(String(name.prefix(15)))
            body()
        }
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        unsafe pthread_attr_init(&attributes)
        defer { unsafe pthread_attr_destroy(&attributes) }
        unsafe pthread_attr_setstacksize(&attributes, stackBytes)
        let code = unsafe pthread_create(
            &thread,
            &attributes,
            { argument in
                unsafe Unmanaged<Body>.fromOpaque(argument!).takeRetainedValue().run()
                return nil
            },
            Unmanaged.passRetained(box).toOpaque()
        )
        precondition(code == 0, "the system refuses a thread: error \(code)")
        pthread_detach(thread)
    }
}
