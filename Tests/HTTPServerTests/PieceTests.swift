import Base
import HTTP
import HTTPServer
import TestKit
import Testing
import Transport

/// Bodies that are answered while they come.
@Suite(.timeLimit(.minutes(1))) struct PieceTests {
    @Test func `a handler that takes a body in pieces may take its time between them, and heartbeats go on`()
        async throws
    {
        var limits = ServerLimits()
        limits.bodyTimeout = .milliseconds(400)
        limits.bodyTotal = .milliseconds(400)
        limits.rateGrace = .milliseconds(400)
        limits.minRate = 1 << 20
        try await TestServer.run(
            limits: limits,
            handler: { request, writer in
                let body = writer.begin(status: 200, headers: [:])
                body.pieces.heartbeat(every: .milliseconds(100), [UInt8(ascii: "h")])
                var (count, pieces) = (0, 0)
                do {
                    while let piece = try await request.nextPiece() {
                        (count, pieces) = (count + piece.count, pieces + 1)
                        // The first one came with the head, and nobody waited for it.
                        if pieces == 2 { try await request.loop.sleep(for: .milliseconds(1500)) }
                    }
                    try await body.pieces.write(Array(" \(count)".utf8))
                } catch {
                    return await body.abandon()
                }
                return await body.finish()
            }
        ) { server in
            let client = try await server.connect()
            // So much fits into the sockets: it waits for the handler, and no client has to be in time with the rest.
            try await client.send(
                Array("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n".utf8)
                    + [UInt8](repeating: 120, count: 400_000))
            let text = try await client.readResponse().text
            #expect(text.hasSuffix(" 400000"), "\(text.suffix(100))")
            // The deadlines were over after a quarter of the time.
            #expect(text.prefix { $0 == "h" }.count > 5, "\(text.prefix(100))")
        }
    }
}
