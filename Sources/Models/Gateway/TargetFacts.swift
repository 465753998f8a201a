internal import Base
internal import Synchronization

/// What the catalogue says of one target, looked up once.
final class TargetFacts: Sendable {
    let shared: Shared<CatalogueEntry>?
    let info: ModelInfo?

    init(_ target: Target, _ catalogue: Catalogue) {
        shared = catalogue.entry(of: target).map { Shared($0) }
        info = shared.map { ModelInfo($0.value) } ?? catalogue.info(of: target.model)
    }

    var entry: CatalogueEntry? { shared?.value }
}

/// The facts of the targets that have been asked. Their names may be a client's: at most ``limit`` are remembered, and
/// all begin anew beyond that. A look-up costs a short lock and a hash; in the catalogue it is some ten times that.
final class TargetFactBoard: Sendable {
    static let limit = 1024

    private let catalogue: Catalogue
    private let known = Mutex<[Target: TargetFacts]>([:])

    init(_ catalogue: Catalogue) { self.catalogue = catalogue }

    func facts(of target: Target) -> TargetFacts {
        if let facts = known.withLock({ $0[target] }) { return facts }
        let facts = TargetFacts(target, catalogue)
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[target] = facts
        }
        return facts
    }
}
