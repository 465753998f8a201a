internal import Base
public import Resilience

/// Where a request may go, as the directory says of its model's name.
public struct Route: Sendable, Hashable {
    /// In order of preference; never empty.
    public var chain: [Target]
    /// How calls are spread over the chain. What fails goes on in the chain's order.
    public var strategy = BalanceStrategy.order
    /// Those of the chain's targets, in its order; 1 for what is missing.
    public var weights: [Double] = []
    /// The window that the configuration gives the name; `nil` leaves it to what is known of the models.
    public var window: Int?
    /// What holds for each of the chain's targets, in its order, where the configuration of the name changes something;
    /// empty where it changes nothing.
    public var settings: [ResilienceSettings] = []
    /// The time limits that the name sets itself; a call to one of its targets has these over its provider's.
    public var timeouts: TimeoutOverrides {
        get { ownTimeouts?.value ?? TimeoutOverrides() }
        set { ownTimeouts = newValue == TimeoutOverrides() ? nil : Shared(newValue) }
    }

    // Most names have none: a route lies in every plan, and that in every turn.
    private var ownTimeouts: Shared<TimeoutOverrides>?

    public init(chain: [Target], window: Int? = nil) {
        self.chain = chain
        self.window = window
    }
}
