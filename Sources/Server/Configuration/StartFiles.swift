internal import Base
internal import Transport

/// The files beside the configuration that a start cannot do without: certificate and key, and the pepper of the keys.
/// Looked at without a start, in the words of one.
struct StartFiles {
    enum Verdict: Equatable {
        /// Nothing of the kind is configured.
        case unused
        case fine
        /// It is taken, and the log says this.
        case noted(String)
        /// The start ends with this.
        case refused(String)
    }

    let tls: Verdict
    let pepper: Verdict

    /// Reads three small files at most.
    init(_ configuration: Configuration, now: WallTime) {
        do throws(TransportError) {
            if let context = try configuration.server.tls.context() {
                tls = context.isOver(at: now) ? .noted(TLSContext.isOver) : .fine
            } else {
                tls = .unused
            }
        } catch {
            tls = .refused(error.message)
        }
        do throws(CodedError) {
            _ = try Gatekeeper.Rule(configuration)
            pepper = configuration.auth.mode == .keys ? .fine : .unused
        } catch {
            pepper = .refused(error.message)
        }
    }

    var problems: [ConfigurationProblem] {
        [tls, pepper].compactMap { verdict in
            guard case .refused(let sentence) = verdict else { return nil }
            return ConfigurationProblem(source: nil, sentence: sentence)
        }
    }

    var notices: [String] {
        [tls, pepper].compactMap { verdict in
            guard case .noted(let sentence) = verdict else { return nil }
            return sentence
        }
    }

    /// What a doctor says of them; each sentence tells what to do.
    var findings: [Finding] {
        [("tls", tls, "certificate and key belong together"), ("pepper", pepper, "all keys were hashed under it")]
            .compactMap { name, verdict, praise in
                switch verdict {
                case .unused: nil
                case .fine: .ok(.configured, name, praise)
                case .noted(let sentence): Finding(area: .configured, name: name, state: .warn, text: sentence)
                case .refused(let sentence): Finding(area: .configured, name: name, state: .fail, text: sentence)
                }
            }
    }
}

extension TLSContext {
    static let isOver = "the certificate's time is over; clients will refuse it until it is renewed"

    func isOver(at now: WallTime) -> Bool { validUntil < now.seconds }
}
