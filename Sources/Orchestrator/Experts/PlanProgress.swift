/// How much of a plan is done, by layers that are over: each counts for its experts. A pure machine; what it tells never
/// goes back, and ends at 100 with the fusion.
struct PlanProgress: Sendable {
    struct Step: Sendable, Equatable {
        var percent: Double
        var layer: String?
    }

    /// How many experts of a layer are still at work; an expert without a layer is one of its own.
    private var left: [String: Int] = [:]
    private var sizes: [String: Int] = [:]
    private let layers: [String: String]
    private let named: [String: String]
    private let parts: Int
    private var done = 0

    init(_ plan: Plan) {
        var (layers, named): ([String: String], [String: String]) = ([:], [:])
        for expert in plan.experts {
            // No layer has a name like that.
            let layer = expert.layer ?? "/\(expert.name)"
            layers[expert.name] = layer
            named[expert.name] = expert.layer
            left[layer, default: 0] += 1
        }
        sizes = left
        self.layers = layers
        self.named = named
        // A fusion that changes the text is a part of the work.
        parts = plan.experts.count + (plan.fusion.keepsText ? 0 : 1)
    }

    /// An expert has ended, however that was; `nil` while its layer is not over.
    mutating func end(_ name: String) -> Step? {
        guard let layer = layers[name], let count = left[layer], count > 0 else { return nil }
        left[layer] = count - 1
        guard count == 1 else { return nil }
        done += sizes[layer] ?? 0
        return Step(percent: 100 * Double(done) / Double(max(1, parts)), layer: named[name])
    }
}
