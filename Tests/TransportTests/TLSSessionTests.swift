import Base
import TestKit
import Testing

@testable import Transport

/// The two sides of a connection without sockets.
private struct Pipe {
    let session: TLSEndpoint
    let peer: TLSPeer

    init(_ context: TLSContext, _ peer: TLSPeer) throws {
        session = try #require(TLSEndpoint(context))
        self.peer = peer
    }

    /// Carries bytes both ways, cut into pieces of `cut`, until both are silent.
    @discardableResult
    func settle(cut: Int = .max) -> TLSSession.Outcome {
        while session.outcome == .open {
            let up = peer.takeOutput()
            session.receive(up, cut: cut)
            let down = session.takeOutput()
            for start in stride(from: 0, to: down.count, by: min(cut, max(1, down.count))) {
                peer.receive(Array(down[start...].prefix(cut)))
            }
            if up.isEmpty, down.isEmpty { break }
        }
        return session.outcome
    }
}

@Suite(.timeLimit(.minutes(1))) struct TLSSessionTests {
    private let folder: CertificateFolder
    private let pair: CertificateFolder.Pair
    private let context: TLSContext

    init() throws {
        folder = try CertificateFolder()
        pair = try folder.make("server")
        context = try TLSContext(certificate: pair.certificate, key: pair.key)
    }

    @Test("TLS 1.2 and 1.3 agree with a client, in any cut", arguments: [TLSPeer.Version.tls12, .tls13], [1, 7, .max])
    func handshake(version: TLSPeer.Version, cut: Int) throws {
        let peer = try TLSPeer(version, protocols: ["h2", "http/1.1"], authority: pair.certificate)
        let pipe = try Pipe(context, peer)
        #expect(pipe.settle(cut: cut) == .open)
        #expect(peer.failure == nil)
        #expect(peer.isSecured && pipe.session.isSecured)
        #expect(peer.version == (version == .tls12 ? "TLSv1.2" : "TLSv1.3"))
        #expect(pipe.session.version == peer.version)
        #expect(peer.chosenProtocol == "http/1.1")
        let up = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        peer.write(up, record: 700)
        pipe.settle(cut: cut)
        #expect(pipe.session.plaintext == up)
        for size in [1, 16_384, 16_385, TLSSession.pieceLimit] {
            let down = [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size)
            #expect(pipe.session.seal(down))
            pipe.settle(cut: cut)
            #expect(peer.read() == down)
        }
    }

    @Test("TLS 1.1 and weak ciphers of TLS 1.2 are refused with an alert")
    func oldVersions() throws {
        for peer in [
            try TLSPeer(.tls11), try TLSPeer(.tls12, ciphers: "AES128-SHA"),
            try TLSPeer(.tls12, ciphers: "ECDHE-ECDSA-AES128-SHA"), try TLSPeer(.tls12, ciphers: "AES128-GCM-SHA256"),
        ] {
            let pipe = try Pipe(context, peer)
            guard case .broken = pipe.settle() else {
                Issue.record("\(peer.version) was taken")
                continue
            }
            #expect(peer.failure?.contains("alert") == true)
            #expect(!pipe.session.seal([1]))
        }
    }

    @Test("a client that offers no http/1.1 is refused; one that offers nothing is served")
    func protocols() throws {
        let other = try TLSPeer(.tls13, protocols: ["h2", "http/1.0"])
        let refused = try Pipe(context, other)
        #expect(refused.settle() != .open)
        #expect(other.failure?.contains("no application protocol") == true)
        let silent = try TLSPeer(.tls13)
        #expect(try Pipe(context, silent).settle() == .open)
        #expect(silent.isSecured && silent.chosenProtocol == nil)
    }

    @Test("what is no hello ends the session at its first wrong byte, and nothing is answered")
    func garbage() throws {
        let head: [UInt8] = [22, 3, 1, 2, 0, 1, 0, 1, 0xfc]
        var wrong: [[UInt8]] = [Array("GET / HTTP/1.1\r\n".utf8), [0x80, 0x2e, 1], [0], [21, 3, 1, 0, 2, 2, 40]]
        for (position, byte) in [(0, UInt8(23)), (1, 2), (5, 2), (6, 1), (7, 0x41)] {
            var bytes = head
            bytes[position] = byte
            wrong.append(bytes)
        }
        for bytes in wrong {
            for cut in [1, Int.max] {
                let session = try #require(TLSEndpoint(context))
                session.receive(bytes, cut: cut)
                #expect(session.outcome == .broken("this is no TLS client's hello"), "\(bytes)")
                #expect(session.takeOutput().isEmpty)
            }
        }
        let waiting = try #require(TLSEndpoint(context))
        waiting.receive(head, cut: 1)
        #expect(waiting.outcome == .open)
    }

    @Test("random bytes behind the head of a hello, and changed bytes in a good one, never trap")
    func noise() throws {
        var random = SeededGenerator(seed: 11)
        let good = try TLSPeer(.tls13).takeOutput()
        for round in 0..<400 {
            var bytes = good
            if round % 2 == 0 {
                bytes = Array(good.prefix(9)) + (0..<600).map { _ in UInt8.random(in: 0...255, using: &random) }
            } else {
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let session = try #require(TLSEndpoint(context))
            session.receive(bytes, cut: Int.random(in: 1...700, using: &random))
            #expect(!session.isSecured)
            #expect(!session.seal([1]))
        }
    }

    @Test("one changed byte of a record breaks the session; what came before is given out")
    func tampering() throws {
        let peer = try TLSPeer(.tls13)
        let pipe = try Pipe(context, peer)
        pipe.settle()
        peer.write(Array("good".utf8))
        var bytes = peer.takeOutput()
        peer.write(Array("evil".utf8))
        var second = peer.takeOutput()
        second[second.count - 1] ^= 1
        bytes += second
        pipe.session.receive(bytes)
        #expect(pipe.session.plaintext == Array("good".utf8))
        guard case .broken = pipe.session.outcome else {
            Issue.record("a forged record was taken")
            return
        }
        #expect(!pipe.session.takeOutput().isEmpty)
        #expect(!pipe.session.seal([1]))
    }

    @Test("records larger than TLS allows break the session")
    func largeRecords() throws {
        let peer = try TLSPeer(.tls13)
        let pipe = try Pipe(context, peer)
        pipe.settle()
        pipe.session.receive([23, 3, 3, 0xff, 0xff] + [UInt8](repeating: 0, count: 40_000))
        #expect(pipe.session.outcome != .open)
        #expect(pipe.session.plaintext.isEmpty)
    }

    @Test("close_notify ends what comes, and what goes out still arrives")
    func halfClose() throws {
        for version in [TLSPeer.Version.tls12, .tls13] {
            let peer = try TLSPeer(version)
            let pipe = try Pipe(context, peer)
            pipe.settle()
            peer.write(Array("last".utf8))
            peer.close()
            #expect(pipe.settle() == .ended)
            #expect(pipe.session.plaintext == Array("last".utf8))
            #expect(pipe.session.seal(Array("answer".utf8)))
            pipe.session.finish()
            #expect(!pipe.session.seal([1]))
            peer.receive(pipe.session.takeOutput())
            #expect(peer.read() == Array("answer".utf8))
            #expect(peer.hasEnded)
        }
    }

    @Test("a client that wants to renegotiate gets no new handshake")
    func renegotiation() throws {
        let peer = try TLSPeer(.tls12)
        let pipe = try Pipe(context, peer)
        pipe.settle()
        peer.renegotiate()
        pipe.settle()
        _ = peer.read()
        #expect(peer.failure == "no renegotiation")
    }

    @Test("key updates are answered, but not without end")
    func keyUpdates() throws {
        let peer = try TLSPeer(.tls13)
        let pipe = try Pipe(context, peer)
        pipe.settle()
        for index in 0..<20 {
            peer.updateKeys()
            peer.write([UInt8(index)])
            pipe.settle()
            #expect(pipe.session.seal([UInt8(index)]))
            pipe.settle()
            #expect(peer.read() == [UInt8(index)])
        }
        #expect(pipe.session.plaintext == (0..<20).map { UInt8($0) })
        var rounds = 0
        var answered = 0
        while pipe.session.outcome == .open, rounds < 20_000 {
            peer.updateKeys()
            pipe.session.receive(peer.takeOutput())
            answered += pipe.session.takeOutput().count
            rounds += 1
        }
        #expect(answered <= TLSSession.controlLimit + 100)
        #expect(pipe.session.outcome == .broken("too many key updates") || answered < 1000)
    }

    @Test("a ticket resumes on the same context; another context makes a new handshake")
    func tickets() throws {
        for version in [TLSPeer.Version.tls12, .tls13] {
            let first = try TLSPeer(version)
            let pipe = try Pipe(context, first)
            pipe.settle()
            #expect(pipe.session.seal([1]))
            pipe.settle()
            _ = first.read()
            let ticket = try #require(first.ticket)
            let again = try TLSPeer(version, ticket: ticket)
            let resumed = try Pipe(context, again)
            #expect(resumed.settle() == .open)
            #expect(again.isResumed && resumed.session.isResumed)
            let renewed = try TLSContext(certificate: pair.certificate, key: pair.key)
            let other = try TLSPeer(version, ticket: ticket)
            #expect(try Pipe(renewed, other).settle() == .open)
            #expect(other.isSecured && !other.isResumed)
        }
    }
}
