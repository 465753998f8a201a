/// What one node does with the state.
struct NodeAccess {
    var reads: [FieldUse]
    var routeReads: [FieldUse] = []
    var writes: [FieldUse]
    /// Written instead of `writes`, when the node fails.
    var recordings: [FieldUse] = []
}

/// Who reads and writes which field at the same time as whom: complaints where a result would depend on timing, and
/// the fixed order of the writes where a reducer allows them.
///
/// Conservative: two nodes count as concurrent unless one waits for the other or a single choice excludes one of
/// them; that a choice never happens to pick both is not seen.
struct FieldAnalysis {
    private struct WrittenField {
        let use: FieldUse
        var writers: [Int]
        var writerSet: NodeSet
    }

    private let topology: Topology
    private let names: [String]
    private let declarations: [FieldDeclaration]
    private let access: [NodeAccess]
    private var exclusivity: Exclusivity
    private var written: [WrittenField] = []
    private(set) var complaints: [String] = []
    /// Fields that nodes write at the same time, through a reducer.
    private(set) var heldPaths: [FieldUse] = []
    private var ranks: [[Int: Int]] = []
    private let reducers: [FieldKey: any Sendable]

    init(
        topology: Topology, names: [String], declarations: [FieldDeclaration], access: [NodeAccess],
        exclusivity: Exclusivity
    ) {
        self.topology = topology
        self.names = names
        self.declarations = declarations
        self.access = access
        self.exclusivity = exclusivity
        var reducers: [FieldKey: any Sendable] = [:]
        for declaration in declarations {
            if let key = declaration.use.key { reducers[key] = declaration.reducer }
        }
        self.reducers = reducers
        collectWriters()
        checkDeclarations()
        checkWritersOfOneField()
        checkOverlappingFields()
        checkReaders()
        checkUnwrittenReads()
    }

    /// The writers of a field that may run at the same time as `node`.
    private mutating func concurrentWriters(of field: WrittenField, with node: Int) -> [Int] {
        topology.overlapping(node, among: field.writerSet).filter { !exclusivity.excludes(node, $0) }
    }

    private mutating func collectWriters() {
        var places: [FieldKey: Int] = [:]
        for (node, access) in access.enumerated() {
            for (index, use) in access.writes.enumerated()
            where index > 0 && access.writes[..<index].contains(where: use.overlaps) {
                complaints.append("Node \"\(names[node])\" writes \(use.name) more than once.")
            }
            for use in access.writes { note(writer: node, of: use, &places) }
            for use in access.recordings { note(writer: node, of: use, &places) }
        }
    }

    private mutating func note(writer node: Int, of use: FieldUse, _ places: inout [FieldKey: Int]) {
        // What is no stored property has been complained of.
        guard let key = use.key else { return }
        if let place = places[key] {
            if written[place].writers.last != node { written[place].writers.append(node) }
            written[place].writerSet.insert(node)
        } else {
            places[key] = written.count
            var set = NodeSet(count: topology.count)
            set.insert(node)
            written.append(WrittenField(use: use, writers: [node], writerSet: set))
        }
    }

    private mutating func checkDeclarations() {
        var seen: Set<FieldKey> = []
        for field in declarations {
            guard let key = field.use.key, !seen.insert(key).inserted else { continue }
            complaints.append("Field \(field.use.name) is declared more than once.")
        }
    }

    private mutating func checkWritersOfOneField() {
        for field in written {
            guard let (left, right) = firstConcurrentPair(field) else { continue }
            if let key = field.use.key, reducers[key] != nil {
                heldPaths.append(field.use)
                ranks.append(order(field.writers, field.writerSet))
            } else {
                complaints.append(
                    """
                    Nodes "\(names[left])" and "\(names[right])" may write \(field.use.name) at the same time: declare \
                    a reducer for it or put an edge between them.
                    """)
            }
        }
    }

    private mutating func firstConcurrentPair(_ field: WrittenField) -> (Int, Int)? {
        for left in field.writers {
            if let right = concurrentWriters(of: field, with: left).first { return (left, right) }
        }
        return nil
    }

    /// Declaration order, except that a write comes after those that its node waits for, and that nothing comes between
    /// those of a loop.
    private func order(_ writers: [Int], _ set: NodeSet) -> [Int: Int] {
        var rest = writers
        var left = set
        var ranks: [Int: Int] = [:]
        // The innermost loop of which some have their rank and others do not.
        var open: Topology.Loop?
        func isNext(_ node: Int) -> Bool {
            !topology.blockers.intersects(node, left) || !rest.contains { topology.precedes($0, node) }
        }
        while !rest.isEmpty {
            let next =
                rest.firstIndex { (open?.members.contains($0) ?? true) && isNext($0) }
                ?? rest.firstIndex(where: isNext)
            let node = rest.remove(at: next ?? 0)
            left.remove(node)
            ranks[node] = ranks.count
            open = topology.loopsAround[node].last { topology.loops[$0].members.intersects(left) }
                .map { topology.loops[$0] }
        }
        return ranks
    }

    private mutating func checkOverlappingFields() {
        for (index, left) in written.enumerated() {
            for right in written[(index + 1)...] where left.use.overlaps(right.use) {
                for first in left.writers {
                    for second in concurrentWriters(of: right, with: first) {
                        complaints.append(
                            """
                            Nodes "\(names[first])" and "\(names[second])" may write \(left.use.name) and \
                            \(right.use.name), which overlap, at the same time: put an edge between them.
                            """)
                    }
                }
            }
        }
    }

    private mutating func checkReaders() {
        for (reader, access) in access.enumerated() {
            for use in access.reads { check(reader, of: use) }
            for use in access.routeReads { check(reader, of: use) }
        }
    }

    private mutating func check(_ reader: Int, of use: FieldUse) {
        for field in written where field.use.overlaps(use) {
            for writer in concurrentWriters(of: field, with: reader) {
                complaints.append(
                    """
                    Node "\(names[reader])" reads \(use.name) while "\(names[writer])" may be writing it: put an edge \
                    between them.
                    """)
            }
        }
    }

    private mutating func checkUnwrittenReads() {
        for declaration in declarations where declaration.origin == .nodes {
            let writers = written.filter { $0.use.overlaps(declaration.use) }.flatMap(\.writers)
            for (reader, access) in access.enumerated() {
                let early = access.reads.contains { $0.overlaps(declaration.use) }
                let late = access.routeReads.contains { $0.overlaps(declaration.use) }
                guard early || late else { continue }
                let hasValue = writers.contains {
                    topology.precedes($0, reader) || (!early && $0 == reader)
                }
                if !hasValue {
                    complaints.append(
                        "Node \"\(names[reader])\" reads \(declaration.use.name), which no node before it writes.")
                }
            }
        }
    }

    // MARK: What the bodies need

    var loopCount: Int { topology.loops.count }

    func heldReads(of node: Int) -> [Int] {
        if heldPaths.isEmpty { return [] }
        let uses = access[node].reads + access[node].routeReads
        return heldPaths.indices.filter { held in uses.contains { $0.overlaps(heldPaths[held]) } }
    }

    func table(for node: Int) -> FieldTable {
        var places: [FieldKey: HeldPlace] = [:]
        for (field, use) in heldPaths.enumerated() {
            guard let rank = ranks[field][node], let key = use.key else { continue }
            let loops = topology.loopsAround[node].map { loop in
                let members = topology.loops[loop].members
                return (loop, ranks[field].filter { members.contains($0.key) }.values.min() ?? rank)
            }
            places[key] = HeldPlace(field: field, loops: loops, rank: rank)
        }
        return FieldTable(reducers: reducers, places: places)
    }
}
