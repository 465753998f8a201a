// Ownership: `start` builds C argument vectors and file actions and frees them before it returns; the pipe's reading
// end belongs to the object and is closed in `deinit`. A child is waited for once, behind the mutex.
internal import Glibc
internal import Synchronization

/// Another program, run by a test. Foundation's `Process` is not used: with many descriptors open it reads past the end
/// of a directory buffer (swift-corelibs-foundation, 6.3) and takes the test process with it now and then.
public final class ChildProcess: Sendable {
    private let identifier: pid_t
    private let output: Int32
    private let status = Mutex<Int32?>(nil)

    private init(identifier: pid_t, output: Int32) {
        self.identifier = identifier
        self.output = output
    }

    deinit {
        terminate()
        Glibc.close(output)
    }

    /// Starts `path` with nothing to read; its standard output comes out of ``readOutput()``.
    public static func start(_ path: String, _ arguments: [String]) throws -> ChildProcess {
        var pipe: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&pipe) == 0 else { throw SocketFailure.system(errno) }
        for end in pipe { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, pipe[1], 1)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        var vector = unsafe ([path] + arguments).map { unsafe strdup($0) } + [nil]
        defer { unsafe vector.forEach { unsafe free($0) } }
        var identifier = pid_t()
        let code = unsafe posix_spawn(&identifier, path, &actions, nil, &vector, environ)
        Glibc.close(pipe[1])
        guard code == 0 else {
            Glibc.close(pipe[0])
            throw SocketFailure.system(code)
        }
        return ChildProcess(identifier: identifier, output: pipe[0])
    }

    /// What the child has written, waiting for it; `nil` at the end.
    public func readOutput() -> String? {
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialised in
            repeat { count = unsafe read(output, buffer.baseAddress!, 4096) } while count < 0 && errno == EINTR
            initialised = max(0, count)
        }
        return count > 0 ? String(decoding: bytes, as: UTF8.self) : nil
    }

    /// Waits for the child's end; its exit status, or 128 and the signal that ended it.
    @discardableResult
    public func wait() -> Int32 {
        status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            while unsafe waitpid(identifier, &raw, 0) < 0, errno == EINTR {}
            let signal = raw & 0x7f
            let value = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
            status = value
            return value
        }
    }

    /// Ends the child, if it has not ended, and waits for it.
    public func terminate() {
        if status.withLock({ $0 }) == nil { kill(identifier, SIGKILL) }
        wait()
    }
}
