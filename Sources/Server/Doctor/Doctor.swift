internal import Base
internal import HTTPClient
internal import Transport

/// `tutti doctor`: looks at everything that a server needs, and says what is not well and what to do.
struct Doctor: Sendable {
    let options: DoctorOptions
    let environment: [String: String]
    let time: any TimeSource

    /// What was found, and what a bundle says beside it.
    struct Report: Sendable {
        var findings: [Finding]
        var loaded: LoadedConfiguration?
        var server: RunningServer.Words?

        var isWell: Bool { !findings.contains { $0.state == .fail } }
    }

    /// Takes at most the time of its probes, about 5 s; with `--offline` only this machine is asked.
    func look() async -> Report {
        let file = options.flags.file ?? Configuration.defaultFile
        var report = Report(findings: [])
        var configured: [Finding] = []
        do throws(ConfigurationErrors) {
            // Nothing is called in a model's name, so chaos harms nothing.
            var flags = options.flags
            flags.allowChaos = true
            let loaded = try Configuration.load(
                environment: environment, flags: flags, capabilities: TuttiCommand.capabilities(environment))
            report.loaded = loaded
            configured.append(.ok(.configured, "configuration", "valid"))
            configured += loaded.notices.map { Finding(area: .configured, name: "notice", state: .warn, text: $0) }
        } catch {
            configured += error.problems.map { .fail(.configured, "configuration", $0.description, "Mend it.") }
        }
        configured += FolderChecks.file(file)
        let configuration = report.loaded?.configuration
        report.findings = InstalledChecks.all(configuration, environment: environment)
        if let configuration {
            configured += FolderChecks.data(configuration.server.data)
            configured += StartFiles(configuration, now: time.wallTime()).findings
            let (reached, listen, words) = await outside(configuration)
            report.findings += reached
            configured.append(listen)
            report.server = words
        }
        report.findings += configured + MachineChecks.all(configuration)
        return report
    }

    private func outside(
        _ configuration: Configuration
    ) async -> (reached: [Finding], listen: Finding, words: RunningServer.Words?) {
        let group = EventLoopGroup(count: 1)
        let client = HTTPClient(group: group)
        async let listening = RunningServer(
            client: client, listen: configuration.server.listen, speaksTLS: configuration.server.tls.isOn
        ).find()
        let probe = ProviderProbe(client: client, time: time)
        let reached = options.isOffline ? [] : await probe.all(configuration.providers)
        let (listen, words) = await listening
        await client.shutdown()
        await group.shutdown()
        return (reached, listen, words)
    }
}
