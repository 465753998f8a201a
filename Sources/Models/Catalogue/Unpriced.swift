extension Usage {
    /// Why the listed prices of tokens do not tell what an answer cost.
    public enum Unpriced: String, Sendable, Hashable, CaseIterable {
        /// Another class of service than the usual one (flex, priority, batch), or a faster mode.
        case serviceTier = "service_tier"
        /// A place of work for which providers ask more.
        case region
        /// The provider's own tools were used, and are paid for by the use.
        case serverTools = "server_tools"
        /// Other models took part, at prices of their own.
        case otherModels = "other_models"
        /// Sound, or pictures in the answer, whose tokens have other prices.
        case media

        /// Of the class of service that an answer names; `nil` for the usual one.
        init?(tier: String?) {
            switch tier {
            case nil, "", "default", "standard", "on_demand": return nil
            default: self = .serviceTier
            }
        }
    }
}
