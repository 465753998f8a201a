internal import Identity

/// What tells plans apart that could answer differently: the SHA-256 of their canonical form, as 64 hexadecimal
/// digits. The same in every process.
public struct PlanIdentity: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    /// Microseconds: for when a plan is made, not for every request.
    init(experts: [Plan.Expert], fusion: FusionRule, limits: Plan.Limits) {
        var form = CanonicalForm()
        form.add(experts: experts, fusion: fusion, limits: limits)
        description = SHA256.hex(of: form.bytes)
    }
}
