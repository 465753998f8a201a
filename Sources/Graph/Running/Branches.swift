public import Base
public import Synchronization

extension RunDrive {
    /// Runs all that is ready beside one another, and what becomes ready meanwhile, until at most one node is left and
    /// can run inline.
    @inlinable
    mutating func runBranches() async {
        let branches = Branches(clock: needsTime ? environment.time : nil)
        var collected = Branches.Collected()
        await withTaskGroup(of: Void.self) { group in
            var running = 0
            // Whoever asks takes no place of those who work.
            var working = 0
            var ready: [Branches.Ready] = []
            repeat {
                if graph.hasPriorities { sortPending() }
                var next = 0
                while next < pending.count, working < environment.limits.concurrency || isStopping {
                    let node = pending[next]
                    next += 1
                    guard await announce(node) else {
                        feed(.failed(node), at: nil)
                        continue
                    }
                    environment.durable?.inbox.takeHands(1)
                    ready.append(Branches.Ready(node: node, work: prepare(node)))
                    running += 1
                    if !graph.nodes[node].content.isQuestion { working += 1 }
                    // What a node tells comes before the next one's start is told.
                    if hasListener { branches.begin(&ready, in: &group) }
                }
                branches.begin(&ready, in: &group)
                pending.removeFirst(next)
                sortedCount = pending.count
                if isStopping { group.cancelAll() }
                if running > 0 {
                    if environment.durable != nil { letGo() }
                    if let done = await self.next(of: branches, &collected, in: &group) {
                        running -= 1
                        if !graph.nodes[done.node].content.isQuestion { working -= 1 }
                        await finish(done, isNew: false)
                    }
                }
                if isStopping { group.cancelAll() }
            } while outcome == nil && (running > 0 || pending.count > 1)
        }
    }

    /// Of the nodes that may start, those of higher priority first, then in the order in which they became ready.
    @usableFromInline
    mutating func sortPending() {
        guard pending.count != sortedCount else { return }
        let priorities = graph.priorities
        pending = pending.enumerated().sorted { left, right in
            let (first, second) = (priorities[left.element], priorities[right.element])
            return first == second ? left.offset < right.offset : first > second
        }.map(\.element)
    }

    /// The nodes that are ready beside one another, and what those have handed back that are done.
    ///
    /// A child task begins with a node of its own. As long as it has not waited it still runs inside the drive's call
    /// that made it, and goes on with the next node that is ready, as the drive's next child task would. After it has
    /// waited it ends with the node that it is at. Thus a node that never waits costs no task of its own, and all begin
    /// in their order on the drive's thread.
    @usableFromInline
    final class Branches: Sendable {
        @usableFromInline
        struct Ready: Sendable {
            @usableFromInline let node: Int
            @usableFromInline let work: Work<State>

            @inlinable
            init(node: Int, work: @escaping Work<State>) {
                self.node = node
                self.work = work
            }
        }

        @usableFromInline
        struct Contents: Sendable {
            /// Not begun yet, the last one first: whoever begins one takes it out, with the fields that it reads.
            @usableFromInline var ready: [Ready] = []
            /// In the order in which they have ended.
            @usableFromInline var finished: [Finished] = []
            /// How many child tasks have ended, or are about to.
            @usableFromInline var ended = 0
            /// Where the drive makes child tasks.
            @usableFromInline var thread: UInt = 0

            @inlinable init() {}
        }

        /// What the drive has taken.
        @usableFromInline
        struct Collected: Sendable {
            /// The one that ended first is the last.
            @usableFromInline var finished: [Finished] = []
            /// Child tasks that have ended and that the group still holds.
            @usableFromInline var ended = 0

            @inlinable init() {}
        }

        @usableFromInline let contents = Mutex(Contents())
        @usableFromInline let clock: (any TimeSource)?

        /// `clock` tells when a node has ended, for those who need to know.
        @inlinable
        init(clock: (any TimeSource)?) { self.clock = clock }

        /// Begins all of them, in this order, and leaves none in `ready`.
        @inlinable
        func begin(_ ready: inout [Ready], in group: inout TaskGroup<Void>) {
            if ready.isEmpty { return }
            ready.reverse()
            contents.withLock { contents in
                swap(&contents.ready, &ready)
                contents.thread = currentThread()
            }
            while let first = contents.withLock({ $0.ready.popLast() }) {
                group.addImmediateTask { await self.run(first) }
            }
        }

        /// What a child task does.
        @inlinable
        func run(_ first: Ready) async {
            var next: Ready? = first
            while let branch = next.take() {
                var update: Update<State>?
                var failure: (any Error)?
                do { update = try await branch.work() } catch { failure = error }
                next = goOn(after: Finished(node: branch.node, update: update, error: failure, at: clock?.now()))
            }
        }

        /// The next node for the child task that has ended this one; `nil` when there is none, or when the task has
        /// waited: then it isn't on the thread of the drive, or the drive has gone on since and left nothing behind. A
        /// task that was cancelled, maybe by its node, takes none with it.
        @inlinable
        func goOn(after finished: Finished) -> Ready? {
            let isCancelled = Task.isCancelled
            return contents.withLock { contents in
                contents.finished.append(finished)
                if !isCancelled, !contents.ready.isEmpty, contents.thread == currentThread() {
                    return contents.ready.popLast()
                }
                contents.ended += 1
                return nil
            }
        }

        /// Moves what has ended to `collected`, which holds no nodes.
        @inlinable
        func collect(into collected: inout Collected) {
            contents.withLock { contents in
                swap(&contents.finished, &collected.finished)
                collected.ended += contents.ended
                contents.ended = 0
            }
            collected.finished.reverse()
        }
    }

    /// The next node that has ended; `nil` when none is at work any more.
    @inlinable
    func next(
        of branches: Branches, _ collected: inout Branches.Collected, in group: inout TaskGroup<Void>
    ) async -> Finished? {
        while true {
            if collected.finished.isEmpty { branches.collect(into: &collected) }
            // Tasks that have ended are let go of now, not with the last one.
            while collected.ended > 0 {
                _ = await group.next()
                collected.ended -= 1
            }
            if let next = collected.finished.popLast() { return next }
            if await group.next() == nil { return nil }
            collected.ended -= 1
        }
    }
}
