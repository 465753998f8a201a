internal import Base
internal import Synchronization

/// The memory that the bodies of all requests may take, from their first byte to the end of their requests: together,
/// and those of one client. Has one entry for each client with a body, so it is bounded by the connections there are.
final class BodyBudget: Sendable {
    enum Refusal: Equatable {
        /// There is no room for anybody.
        case all
        /// The client has its part.
        case own
    }

    private struct State {
        var limit: Int
        var share: Int
        var taken = 0
        var byClient: [IPAddress: Int] = [:]
    }

    private let hasLimit: Bool
    private let hasShare: Bool
    private let state: Mutex<State>

    /// No limit at all where `limit` is 0, and none for one client where `share` is.
    init(limit: Int, share: Int = 0) {
        (hasLimit, hasShare) = (limit > 0, share > 0)
        state = Mutex(State(limit: limit, share: share))
    }

    /// Another size from now on; what is taken stays taken. Where there was no limit there is none later, since nothing
    /// was counted.
    func resize(limit: Int, share: Int) { state.withLock { ($0.limit, $0.share) = (limit, share) } }

    /// Takes room for `count` bytes more, or says why there is none. About 50 ns.
    func take(_ count: Int, of client: IPAddress?) -> Refusal? {
        guard hasLimit else { return nil }
        let client = counted(client)
        return state.withLock { state in
            guard count <= state.limit - state.taken else { return .all }
            if let client {
                let own = state.byClient[client] ?? 0
                guard count <= state.share - own else { return .own }
                state.byClient[client] = own + count
            }
            state.taken += count
            return nil
        }
    }

    /// The same client as it was taken of.
    func giveBack(_ count: Int, of client: IPAddress?) {
        guard hasLimit else { return }
        let client = counted(client)
        state.withLock { state in
            state.taken -= count
            guard let client, let own = state.byClient[client] else { return }
            state.byClient[client] = own > count ? own - count : nil
        }
    }

    /// As whom a client counts; `nil` for whom there is no limit. Who is on this machine can take its memory without us,
    /// and may be a proxy that nobody has named, with everybody behind it.
    private func counted(_ client: IPAddress?) -> IPAddress? {
        guard hasShare, let client, !client.isLoopback else { return nil }
        return client.subscriber
    }

    /// Bytes taken now.
    var used: Int { state.withLock(\.taken) }
    /// The clients that have some of them.
    var clients: Int { state.withLock(\.byClient.count) }
}
