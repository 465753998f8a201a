internal import Transport

extension Configuration.TLS {
    /// What the files hold now, checked; `nil` where none are named.
    func context() throws(TransportError) -> TLSContext? {
        isOn ? try TLSContext(certificate: certificate, key: key) : nil
    }

    /// What is not well with the key's file as it lies there now. It is taken all the same: some systems give keys to a
    /// group of their own. One call of stat(2).
    var notice: String? {
        guard isOn, let status = Machine.permissions(of: key), status.mode & 0o077 != 0 else { return nil }
        return "server.tls.key: others than its owner may use \(key). Whoever reads it can pass for this server: "
            + "chmod 600 \(key)"
    }

    static let needsRestart = TransportError(
        .certificate,
        "Between plain HTTP and TLS the server changes only when it starts: restart it, or leave `server.tls` as is."
    )
}

extension LoadedConfiguration {
    /// For a server that only this process talks to.
    func withoutTLS() -> LoadedConfiguration {
        var copy = self
        copy.configuration.server.tls = Configuration.TLS()
        return copy
    }
}

extension ConfigurationKey {
    /// A file's path; empty for none.
    static func file(_ path: String, _ field: any Field<String>, _ meaning: String) -> ConfigurationKey {
        one(
            path, field, meaning, "a file's path",
            read: { $0.utf8.contains(0) || $0.utf8.count > 1024 ? nil : $0 }, show: { $0 })
    }
}

extension ConfigurationLoader {
    /// The one without the other cannot be meant.
    mutating func checkTLS() {
        let tls = configuration.server.tls
        guard tls.certificate.isEmpty != tls.key.isEmpty else { return }
        let (given, other) = tls.key.isEmpty ? ("certificate", "key") : ("key", "certificate")
        report(
            "server.tls.\(given) needs server.tls.\(other) beside it: name both files, or neither.",
            sources["server.tls.\(given)"])
    }
}
