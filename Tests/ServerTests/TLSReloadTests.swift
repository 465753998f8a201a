import Base
import Synchronization
import Telemetry
import TestKit
import Testing
import Transport

@testable import Server

/// What stands in the file.
private final class SharedConfiguration: Sendable {
    private let state: Mutex<Configuration>

    init(_ configuration: Configuration) { state = Mutex(configuration) }

    var value: Configuration { state.withLock { $0 } }
    func change(_ change: (inout Configuration) -> Void) { state.withLock { change(&$0) } }
}

@Suite("The server over TLS", .timeLimit(.minutes(1)))
struct TLSReloadTests {
    private func app(_ file: SharedConfiguration) throws -> App {
        let load = { @Sendable () throws(ConfigurationErrors) in
            LoadedConfiguration(configuration: file.value, notices: [], settings: [])
        }
        return try App(
            load(),
            App.Surroundings(
                environment: [:], log: NoLog(), generator: SeededGenerator(seed: 1), loops: 1, load: load))
    }

    private func configuration(_ pair: CertificateFolder.Pair) -> Configuration {
        var configuration = Configuration()
        configuration.server.listen = ListenAddress(loopbackPort: 0)
        configuration.server.tls.certificate = pair.certificate
        configuration.server.tls.key = pair.key
        return configuration
    }

    private func refusal(_ app: App) async -> String? {
        guard case .refused(let problems) = await app.reload(.request) else { return nil }
        return problems.first?.sentence
    }

    private func probe(_ client: TLSClient) async throws -> Bool {
        try await client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return try await client.read(until: "}").hasPrefix("HTTP/1.1 200")
    }

    @Test("a pair that was renewed in place is shown after a reload, a bad one leaves the old one in place")
    func reload() async throws {
        let folder = try CertificateFolder()
        let pair = try folder.make("first")
        let second = try folder.make("second")
        let file = SharedConfiguration(configuration(pair))
        let app = try app(file)
        let port = try await app.start()
        let old = try await TLSClient.connect(port, TLSPeer(.tls13, authority: pair.certificate))
        #expect(try await probe(old))
        let next = (certificate: try folder.text(second.certificate), key: try folder.text(second.key))
        // The certificate is there already, its key not yet.
        try folder.write("first.pem", next.certificate)
        #expect(await refusal(app)?.contains("does not belong to the certificate") == true)
        #expect(try await TLSClient.connect(port, TLSPeer(.tls13)).peer.serverName == "first")
        try folder.write("first.key", next.key)
        #expect(await refusal(app) == nil)
        let new = try await TLSClient.connect(port, TLSPeer(.tls12, authority: second.certificate))
        #expect(new.peer.serverName == "second")
        #expect(try await probe(new))
        #expect(try await probe(old))
        // From TLS to plain HTTP there is no way but a new start.
        file.change { $0.server.tls = Configuration.TLS() }
        #expect(await refusal(app) == Configuration.TLS.needsRestart.message)
        #expect(try await TLSClient.connect(port, TLSPeer(.tls13)).peer.serverName == "second")
        await app.stop()
    }

    @Test("a pair that cannot be used ends the start, and nothing listens")
    func refusal() async throws {
        let folder = try CertificateFolder()
        var pair = try folder.make("first")
        pair.key = try folder.make("second").key
        let app = try app(SharedConfiguration(configuration(pair)))
        let error = await #expect(throws: TransportError.self) { _ = try await app.start() }
        #expect(error?.kind == .certificate)
        await app.stop()
    }
}
