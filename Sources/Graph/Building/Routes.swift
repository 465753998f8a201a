extension GraphBuilder {
    /// A conditional edge: after `source` has succeeded, `choose` picks one of the nodes that the cases of `Target`
    /// name, or none with `nil`. The others settle as not taken. `choose` is called once an activation, between nodes
    /// and on the run's own task: keep it short. O(1) besides.
    @discardableResult
    public func route<each Read: Sendable, Target: Hashable & Sendable & CaseIterable & RawRepresentable<String>>(
        _ source: String, reads: repeat any KeyPath<State, each Read> & Sendable, to targets: Target.Type = Target.self,
        choose: @escaping @Sendable (repeat each Read) -> Target?
    ) -> Self {
        // A key path literal would crash here: the compiler's pattern for it doesn't fit a function with packs.
        let names = targets.allCases.map { $0.rawValue }
        let cases = Array(targets.allCases)
        let positions = Dictionary(zip(cases, 0...), uniquingKeysWith: { first, _ in first })
        return addRoute(
            source, targets: names, isExclusive: true, reads: repeat each reads
        ) { (values: (repeat each Read)) in
            guard let position = choose(repeat each values).flatMap({ positions[$0] }) else { return .nowhere }
            return .one(position)
        }
    }

    /// The same for any number of targets at once, which then run beside one another. O(targets).
    @discardableResult
    public func routeSeveral<
        each Read: Sendable, Target: Hashable & Sendable & CaseIterable & RawRepresentable<String>
    >(
        _ source: String, reads: repeat any KeyPath<State, each Read> & Sendable, to targets: Target.Type = Target.self,
        choose: @escaping @Sendable (repeat each Read) -> Set<Target>
    ) -> Self {
        let names = targets.allCases.map { $0.rawValue }
        let cases = Array(targets.allCases)
        return addRoute(
            source, targets: names, isExclusive: false, reads: repeat each reads
        ) { (values: (repeat each Read)) in
            let chosen = choose(repeat each values)
            return .several(cases.indices.filter { chosen.contains(cases[$0]) })
        }
    }

    /// `route` for graphs whose names are only known when they are built. A name that is not among `targets` ends the
    /// run with `unknown_route`, whatever `onError` edges the graph has. O(targets).
    @discardableResult
    public func route<each Read: Sendable>(
        _ source: String, reads: repeat any KeyPath<State, each Read> & Sendable, to targets: [String],
        choose: @escaping @Sendable (repeat each Read) -> String?
    ) -> Self {
        addRoute(
            source, targets: targets, isExclusive: true, reads: repeat each reads
        ) { (values: (repeat each Read)) throws(UnknownRoute) in
            guard let name = choose(repeat each values) else { return .nowhere }
            guard let position = targets.firstIndex(of: name) else { throw UnknownRoute(target: name) }
            return .one(position)
        }
    }

    /// `routeSeveral` for graphs whose names are only known when they are built. An unknown name ends the run as with
    /// `route`. O(targets).
    @discardableResult
    public func routeSeveral<each Read: Sendable>(
        _ source: String, reads: repeat any KeyPath<State, each Read> & Sendable, to targets: [String],
        choose: @escaping @Sendable (repeat each Read) -> Set<String>
    ) -> Self {
        addRoute(
            source, targets: targets, isExclusive: false, reads: repeat each reads
        ) { (values: (repeat each Read)) throws(UnknownRoute) in
            let chosen = choose(repeat each values)
            if let unknown = chosen.subtracting(targets).min() { throw UnknownRoute(target: unknown) }
            return .several(targets.indices.filter { chosen.contains(targets[$0]) })
        }
    }

    /// The same as the typed `route` for one field, specialised: a microsecond less.
    @inlinable
    @discardableResult
    public func route<R1: Sendable, Target: Hashable & Sendable & CaseIterable & RawRepresentable<String>>(
        _ source: String, reads read1: any KeyPath<State, R1> & Sendable, to targets: Target.Type = Target.self,
        choose: @escaping @Sendable (R1) -> Target?
    ) -> Self {
        let field1 = Projection(read1)
        let cases = Array(targets.allCases)
        var names: [String] = []
        for target in cases { names.append(target.rawValue) }
        return addRoute(source, names, reads: [FieldRead(read1)]) { state in
            guard let target = choose(field1.read(state)), let position = cases.firstIndex(of: target) else {
                return .nowhere
            }
            return .one(position)
        }
    }

    /// The same for two fields, specialised: a microsecond less.
    @inlinable
    @discardableResult
    public func route<
        R1: Sendable, R2: Sendable, Target: Hashable & Sendable & CaseIterable & RawRepresentable<String>
    >(
        _ source: String, reads read1: any KeyPath<State, R1> & Sendable, _ read2: any KeyPath<State, R2> & Sendable,
        to targets: Target.Type = Target.self, choose: @escaping @Sendable (R1, R2) -> Target?
    ) -> Self {
        let (field1, field2) = (Projection(read1), Projection(read2))
        let cases = Array(targets.allCases)
        var names: [String] = []
        for target in cases { names.append(target.rawValue) }
        return addRoute(source, names, reads: [FieldRead(read1), FieldRead(read2)]) { state in
            guard let target = choose(field1.read(state), field2.read(state)),
                let position = cases.firstIndex(of: target)
            else { return .nowhere }
            return .one(position)
        }
    }

    /// A route to one target at most, of a shape that is compiled where it is declared.
    @usableFromInline
    func addRoute(
        _ source: String, _ targets: [String], reads: [FieldRead<State>],
        decide: @escaping @Sendable (borrowing State) -> Choice
    ) -> Self {
        routes.append(
            RouteDeclaration(
                source: source, reads: reads.map { $0.use }, targets: targets, isExclusive: true, decide: decide))
        return self
    }

    private func addRoute<each Read: Sendable>(
        _ source: String, targets: [String], isExclusive: Bool,
        reads: repeat any KeyPath<State, each Read> & Sendable,
        decide: @escaping @Sendable ((repeat each Read)) throws(UnknownRoute) -> Choice
    ) -> Self {
        var uses: [FieldUse] = []
        repeat uses.append(FieldUse(each reads))
        routes.append(
            RouteDeclaration(source: source, reads: uses, targets: targets, isExclusive: isExclusive) {
                (state) throws(UnknownRoute) in
                try decide((repeat state[keyPath: each reads]))
            })
        return self
    }
}
