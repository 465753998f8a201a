public import Base
internal import Synchronization

/// The turns that are running, by request id within their scope, so that they can be cancelled by it and no id runs
/// twice at once.
public final class RunRegistry: Sendable {
    fileprivate struct Key: Hashable {
        let tenant: String
        let user: String
        let requestID: String
    }

    private let running = Mutex<[Key: @Sendable () -> Void]>([:])

    public init() {}

    public var count: Int { running.withLock(\.count) }

    /// Enters a turn under its request id, until the ticket is gone. `cancel` may be called when the turn has just
    /// ended, and must then do nothing.
    /// - Throws: `request_in_flight` when the id is running in its scope.
    public func enter(
        _ requestID: String, scope: Scope, cancel: @escaping @Sendable () -> Void
    ) throws(CodedError) -> RunTicket {
        let key = Key(tenant: scope.tenant, user: scope.user, requestID: requestID)
        let isNew = running.withLock { running in
            guard running[key] == nil else { return false }
            running[key] = cancel
            return true
        }
        guard isNew else {
            throw CodedError(
                .requestInFlight, "A request with the id '\(requestID)' is running. Wait for it, or send another id.",
                param: "requestId")
        }
        return RunTicket(registry: self, key: key)
    }

    fileprivate func leave(_ key: Key) { _ = running.withLock { $0.removeValue(forKey: key) } }

    /// Cancels a running turn; whether there was one. Another scope's turns are not there.
    public func cancel(_ requestID: String, scope: Scope) -> Bool {
        let key = Key(tenant: scope.tenant, user: scope.user, requestID: requestID)
        guard let cancel = running.withLock({ $0[key] }) else { return false }
        cancel()
        return true
    }
}

extension RunRegistry {
    /// Cancels all turns of a user, with whichever key they were begun; how many.
    public func cancelAll(of scope: Scope) -> Int { cancel { $0.tenant == scope.tenant && $0.user == scope.user } }

    /// Cancels everybody's turns; how many.
    public func cancelEverything() -> Int { cancel { _ in true } }

    private func cancel(_ isMeant: (Key) -> Bool) -> Int {
        let meant = running.withLock { running in running.filter { isMeant($0.key) }.map(\.value) }
        for cancel in meant { cancel() }
        return meant.count
    }
}

/// A turn's place in the registry; it is given up when the ticket goes.
public struct RunTicket: ~Copyable, Sendable {
    private let registry: RunRegistry
    private let key: RunRegistry.Key

    fileprivate init(registry: RunRegistry, key: RunRegistry.Key) {
        self.registry = registry
        self.key = key
    }

    /// Gives the place up now.
    public consuming func leave() {}

    deinit { registry.leave(key) }
}
