internal import Base
internal import JSON

/// `tutti doctor`
public struct DoctorOptions: Sendable, Equatable {
    public var flags = ConfigurationFlags()
    /// Whether providers are left alone.
    public var isOffline = false
    /// The file that the bundle is written to.
    public var bundle: String?
    public var json = false
}

/// `tutti doctor`: prints what was found; 0 where nothing has failed, else 1.
enum DoctorCommand {
    static func run(_ options: DoctorOptions, environment: [String: String]) async -> Int32 {
        let time = SystemClock()
        let report = await Doctor(options: options, environment: environment, time: time).look()
        let text =
            options.json
            ? String(decoding: json(report).bytes, as: UTF8.self) + "\n"
            : report.findings.map { clean($0.line) + "\n" }.joined()
        guard StandardStreams.write(text, to: .output) else { return 1 }
        if let file = options.bundle {
            let bundle = SupportBundle(report: report, environment: environment, created: time.wallTime())
            if let problem = Machine.write(bundle.bytes, to: file) {
                StandardStreams.write("error: \(file) cannot be written: \(problem)\n", to: .error)
                return 1
            }
            StandardStreams.write("The bundle is in \(file). Look through it before you give it away.\n", to: .error)
        }
        return report.isWell ? 0 : 1
    }

    static func json(_ report: Doctor.Report) -> JSON {
        ["ok": .bool(report.isWell), "checks": .array(report.findings.map(\.json))]
    }

    /// Without characters that would act on a terminal: names come from files.
    private static func clean(_ line: String) -> String {
        String(
            String.UnicodeScalarView(
                line.unicodeScalars.map { scalar in
                    let category = scalar.properties.generalCategory
                    return category == .control || category == .format ? "?" : scalar
                }))
    }
}

extension HelpText {
    static let doctor = """
        Examples
          tutti doctor                             what is installed, reachable and misconfigured
          tutti doctor --offline                   the same without asking providers
          tutti doctor --bundle report.json        also a file to hand on, its secrets masked

        Usage: tutti doctor [options]
          Looks at the configuration that tutti serve would use, and at the machine. Providers are asked for their
          models without a key, at most 5 s. Each line says ok, warn or fail, and what to do; one fail makes the exit
          code 1.

        Options
          --offline             ask no provider
          --bundle FILE         write a new file FILE for who helps you: checks, configuration, metrics
          --config FILE         read FILE instead of ./tutti.yaml
          --listen HOST:PORT    as for tutti serve
          --data DIR            as for tutti serve
          --log-level LEVEL     as for tutti serve
          --json                print JSON
          --help                this help

        """
}
