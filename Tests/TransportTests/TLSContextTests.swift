import TestKit
import Testing

@testable import Transport

@Suite(.timeLimit(.minutes(1))) struct TLSContextTests {
    private let folder: CertificateFolder

    init() throws { folder = try CertificateFolder() }

    private func problem(_ certificate: String, _ key: String) throws -> String {
        let error = try #require(throws: TransportError.self) {
            _ = try TLSContext(certificate: certificate, key: key)
        }
        #expect(error.kind == .certificate)
        return error.message
    }

    @Test("a pair in two files or in one, with its chain, is taken, and the chain is shown")
    func chain() throws {
        let root = try folder.make("root")
        let middle = try folder.make("middle", signedBy: root, isAuthority: true)
        let leaf = try folder.make("leaf", signedBy: middle)
        let chain = try folder.text(leaf.certificate) + folder.text(middle.certificate)
        let whole = try folder.write("whole.pem", chain + folder.text(leaf.key))
        for (certificate, key) in [(try folder.write("chain.pem", chain), leaf.key), (whole, whole)] {
            let context = try TLSContext(certificate: certificate, key: key)
            let endpoint = try #require(TLSEndpoint(context))
            let peer = try TLSPeer(.tls13, authority: root.certificate)
            for _ in 0..<3 {
                endpoint.receive(peer.takeOutput())
                peer.receive(endpoint.takeOutput())
            }
            #expect(peer.isSecured, "\(peer.failure ?? "")")
            #expect(peer.serverName == "leaf")
        }
        let alone = try #require(TLSEndpoint(try TLSContext(certificate: leaf.certificate, key: leaf.key)))
        let strict = try TLSPeer(.tls13, authority: root.certificate)
        alone.receive(strict.takeOutput())
        strict.receive(alone.takeOutput())
        #expect(strict.failure == "certificate verify failed")
    }

    @Test("RSA keys of 2048 bits and Ed25519 are taken", arguments: [["rsa:2048"], ["ed25519"]])
    func kinds(key: [String]) throws {
        let pair = try folder.make("other", key: key)
        let endpoint = try #require(TLSEndpoint(try TLSContext(certificate: pair.certificate, key: pair.key)))
        let peer = try TLSPeer(.tls12, authority: pair.certificate)
        for _ in 0..<3 {
            endpoint.receive(peer.takeOutput())
            peer.receive(endpoint.takeOutput())
        }
        #expect(peer.isSecured, "\(peer.failure ?? "")")
    }

    @Test("it knows where the certificate's time ends")
    func time() throws {
        let pair = try folder.make("server", days: 2)
        let long = try folder.make("long", days: 12)
        let first = try TLSContext(certificate: pair.certificate, key: pair.key).validUntil
        let second = try TLSContext(certificate: long.certificate, key: long.key).validUntil
        #expect(abs(second - first - 10 * 86_400) < 60)
    }

    @Test("what cannot be used is refused with a sentence that says what to do, and shows nothing of the key")
    func refusals() throws {
        let pair = try folder.make("server")
        let other = try folder.make("other")
        let weak = try folder.make("weak", key: ["rsa:1024"])
        let locked = folder.path("locked.key")
        try folder.openssl(["pkey", "-in", pair.key, "-aes256", "-passout", "pass:secret", "-out", locked])
        let (certificate, key) = (try folder.text(pair.certificate), try folder.text(pair.key))
        let wrongOrder = try folder.write("order.pem", try folder.text(other.certificate) + certificate)
        let damaged = try folder.write("damaged.pem", certificate + certificate.replacing("MII", with: "MIJ"))
        let many = try folder.write("many.pem", String(repeating: certificate, count: 17))
        let large = try folder.write("large.pem", String(repeating: " ", count: PEMFile.limit + 1))
        let halfKey = try folder.write("half.key", String(key.prefix(key.utf8.count / 2)))
        let empty = try folder.write("empty.pem", "")
        let cases = [
            (folder.path("no.pem"), pair.key, "The certificate file \(folder.path("no.pem")) is not there."),
            (pair.certificate, folder.path("no.key"), "Name a PEM file in `server.tls.key`."),
            ("/dev/null", pair.key, "is not a plain file"), ("/", pair.key, "is not a plain file"),
            (large, pair.key, "has more than 1 MB"),
            (pair.key, pair.key, "holds no certificate in PEM form"), (empty, pair.key, "holds no certificate"),
            (pair.certificate, pair.certificate, "holds no private key"), (pair.certificate, halfKey, "no private key"),
            (pair.certificate, empty, "holds no private key"),
            (pair.certificate, locked, "is encrypted, and there is nobody to ask"),
            (pair.certificate, other.key, "does not belong to the certificate"),
            (wrongOrder, pair.key, "belongs to certificate 2 in"), (damaged, pair.key, "Certificate 2 in"),
            (many, pair.key, "holds more than 16 certificates"), (weak.certificate, weak.key, "at least 2048 bits"),
        ]
        for (certificate, secret, words) in cases {
            let message = try problem(certificate, secret)
            #expect(message.contains(words), "\(message)")
            #expect(message.hasSuffix(".") || message.hasSuffix("plain.key"), "\(message)")
            for line in key.split(separator: "\n") where !line.hasPrefix("-") {
                #expect(!message.contains(line))
            }
        }
    }
}
