internal import Base
internal import HTTPServer
internal import Telemetry
internal import Transport

/// Certificate and key: read at the start and with each reload.
extension App {
    /// `nil` for plain HTTP.
    func certificate() throws(TransportError) -> TLSContext? {
        let tls = try first.server.tls.context()
        warnOfExpiry(tls)
        return tls
    }

    /// Reads certificate and key again, from where `configuration` says; what is given puts them in force. New
    /// connections take them; open ones keep theirs. From any thread; reads two small files.
    func renewCertificate(_ configuration: Configuration) throws(CodedError) -> @Sendable () -> Void {
        guard configuration.server.tls.isOn == first.server.tls.isOn else {
            throw CodedError(.invalidConfiguration, Configuration.TLS.needsRestart.message)
        }
        let context: TLSContext?
        do throws(TransportError) { context = try configuration.server.tls.context() } catch {
            throw CodedError(.invalidConfiguration, error.message)
        }
        return { [self] in
            warnOfExpiry(context)
            if let context { _ = server.renew(tls: context) }
        }
    }

    private func warnOfExpiry(_ tls: TLSContext?) {
        guard let tls, tls.isOver(at: lasting.time.wallTime()) else { return }
        lasting.logger.log(.warning, TLSContext.isOver)
    }
}
