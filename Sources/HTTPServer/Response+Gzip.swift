internal import HTTP

extension Response {
    /// Larger bodies are compressed on another thread: a loop has others to serve within the millisecond.
    private static let mostOnLoop = 64 << 10

    /// Whether its bytes depend on what codings the client takes.
    func isCompressible(_ limits: borrowing ServerLimits) -> Bool {
        guard limits.gzipFrom > 0, body.count >= limits.gzipFrom, (200..<300).contains(status), status != 204,
            status != 206, isJSON, !headers.contains("content-encoding")
        else { return false }
        return !(headers["cache-control"]?.contains("no-transform") ?? false)
    }

    private var isJSON: Bool {
        headers.hasMediaType("application/json") || headers.hasMediaType("application/schema+json")
    }

    private static func compressed(_ plain: [UInt8]) async -> [UInt8]? {
        guard plain.count > mostOnLoop else { return GzipFormat.compressed(plain) }
        return await Task.detached(name: "gzip") { GzipFormat.compressed(plain) }.value
    }

    /// The same in gzip; itself where that would save nothing.
    func compressed() async -> Response {
        let packed = if let kept { await kept.compressed(Response.compressed) } else { await Response.compressed(body) }
        guard let packed else { return self }
        var coded = self
        coded.body = packed
        coded.headers.add("content-encoding", "gzip")
        return coded
    }
}
