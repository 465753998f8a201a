internal import Base
internal import Telemetry

extension App {
    /// Reads the configuration again and puts it in force, whole or not at all. Requests that are running keep the one
    /// in which they began. Concurrent calls run one after the other; during a stop nothing happens.
    func reload(_ cause: ReloadCause) async -> ReloadOutcome {
        await reloads.run { [self] in reloadNow(cause) }
    }

    private func reloadNow(_ cause: ReloadCause) -> ReloadOutcome {
        guard !lasting.drainState.isDraining, let earlier = worlds.value else {
            lasting.logger.log(
                .info, "configuration not loaded again, the server is stopping", .string("cause", cause.rawValue))
            return .stopping
        }
        let loaded: LoadedConfiguration
        let world: World
        let steps: [@Sendable () -> Void]
        do throws(ConfigurationErrors) { loaded = try load() } catch { return refuse(error.problems, cause) }
        do throws(CodedError) {
            try keepCallersOut(loaded.configuration, after: earlier)
            world = try makeWorld(loaded, after: earlier)
            let own: ReloadStep = { [self] configuration throws(CodedError) in try renewCertificate(configuration) }
            steps = try ([own] + onReload).map { step throws(CodedError) in try step(loaded.configuration) }
        } catch {
            return refuse([ConfigurationProblem(source: nil, sentence: error.message)], cause)
        }
        // From here on nothing can fail.
        world.takeOver(earlier)
        lasting.adopt(world)
        for step in steps { step() }
        followLimits(loaded.configuration)
        worlds.replace(with: world)
        lasting.logger.level = App.level(loaded.configuration.log.level)
        return accepted(loaded, after: earlier, cause)
    }

    /// The socket stays the one of the start, whatever `server.listen` says by now, and a file that was cut short or
    /// moved away lists no keys either: who lets everybody in must mean it, by a start.
    private func keepCallersOut(_ configuration: Configuration, after earlier: World) throws(CodedError) {
        guard configuration.auth.mode == .open, earlier.configuration.auth.mode != .open else { return }
        throw CodedError(
            .invalidConfiguration,
            "auth.mode would be open, and everybody who reaches the server its admin: from keys to open the server "
                + "changes only when it starts. Bring auth.keys back, or restart it.")
    }

    private func accepted(
        _ loaded: LoadedConfiguration, after earlier: World, _ cause: ReloadCause
    ) -> ReloadOutcome {
        let difference = ConfigurationDifference(from: earlier, to: loaded)
        let late = ConfigurationDifference.waiting(from: first, to: loaded.configuration)
        let notices = loaded.notices + late.map { "\($0) takes effect at the next start." }
        lasting.logger.log(
            .info, "configuration loaded again", .string("cause", cause.rawValue),
            .string("detail", difference.paths.isEmpty ? nil : difference.paths.joined(separator: ", ")))
        for notice in notices { lasting.logger.log(.warning, "configuration", .string("detail", notice)) }
        return .loaded(changed: difference.paths, notices: notices)
    }

    private func refuse(_ problems: [ConfigurationProblem], _ cause: ReloadCause) -> ReloadOutcome {
        for problem in problems {
            lasting.logger.log(
                .error, "configuration refused", .string("cause", cause.rawValue),
                .string("detail", problem.description))
        }
        lasting.telemetry.alert(
            Alert(
                kind: .configurationRefused, code: .invalidConfiguration,
                message: "The configuration has faults, so the one before stays in force. The first: "
                    + (problems.first?.description ?? "none is known.")))
        return .refused(problems)
    }
}
