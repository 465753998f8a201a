internal import HTTP

extension Response {
    /// Larger bodies are compressed on another thread: a loop has others to serve within the millisecond.
    private static let mostOnLoop = 64 << 10

    /// Whether its bytes depend on what codings the client takes.
    func isCompressible(_ limits: borrowing ServerLimits) -> Bool {
        guard limits.gzipFrom > 0, body.count >= limits.gzipFrom, (200..<300).contains(status), status != 204,
            status != 206, headers.hasMediaType("application/json"), !headers.contains("content-encoding")
        else { return false }
        return !(headers["cache-control"]?.contains("no-transform") ?? false)
    }

    /// The same in gzip; itself where that would save nothing.
    func compressed() async -> Response {
        let plain = body
        let packed =
            plain.count <= Response.mostOnLoop
            ? GzipFormat.compressed(plain) : await Task.detached(name: "gzip") { GzipFormat.compressed(plain) }.value
        guard let packed else { return self }
        var coded = self
        coded.body = packed
        coded.headers.add("content-encoding", "gzip")
        return coded
    }
}
