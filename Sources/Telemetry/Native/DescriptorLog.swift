// Ownership: the descriptor stays the process's (stderr); the bytes that `write` sees are borrowed for the call.
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Writes lines to a descriptor from a queue of its own, a few milliseconds later and many at once, so that no event
/// loop waits for a terminal or a pipe. A full buffer drops lines and says how many.
public final class DescriptorLog: LogSink {
    private struct Buffer {
        var bytes: [UInt8] = []
        var dropped = 0
        var scheduled = false
    }

    private let descriptor: Int32
    private let buffer = Mutex(Buffer())
    private let queue = DispatchQueue(label: "tutti.log")
    private static let capacity = 4 << 20

    public init(descriptor: Int32 = 2) { self.descriptor = descriptor }

    public func write(_ line: [UInt8]) {
        let schedule = buffer.withLock { buffer in
            guard buffer.bytes.count + line.count <= DescriptorLog.capacity else {
                buffer.dropped += 1
                return false
            }
            buffer.bytes += line
            defer { buffer.scheduled = true }
            return !buffer.scheduled
        }
        if schedule { queue.asyncAfter(deadline: .now() + .milliseconds(5)) { self.writeOut() } }
    }

    /// Writes what is waiting and returns when it is out, or its reader takes nothing for a second. For the end of the
    /// process.
    public func flush() { queue.sync { writeOut() } }

    private func writeOut() {
        let (bytes, dropped) = buffer.withLock { buffer in
            defer { buffer = Buffer() }
            return (buffer.bytes, buffer.dropped)
        }
        var lost = dropped
        let written = put(bytes)
        if written < bytes.count {
            // The line that was cut ends here, so that the next one stands alone.
            lost += bytes[written...].count { $0 == 10 }
            if written > 0, bytes[written - 1] != 10 { buffer.withLock { $0.bytes.insert(10, at: 0) } }
        }
        guard lost > 0 else { return }
        if written < bytes.count {
            buffer.withLock { $0.dropped += lost }
        } else {
            _ = put(Array(#"{"level":"warning","message":"log lines dropped","count":\#(lost)}"#.utf8) + [10])
        }
    }

    /// How many of the bytes went out; a reader that takes nothing for a second gets no more of them. A pipe that is
    /// ready takes a piece of this size without blocking.
    private func put(_ bytes: [UInt8]) -> Int {
        var offset = 0
        while offset < bytes.count {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let ready = unsafe poll(&waiting, 1, 1000)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0, waiting.revents & Int16(POLLOUT) != 0 else { break }
            let written = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress! + offset, min(4096, bytes.count - offset))
            }
            if written > 0 {
                offset += written
            } else if errno != EINTR, errno != EAGAIN {
                break
            }
        }
        return offset
    }
}
