public import Base

/// Keeps what was said in conversations, so that the next turn can be answered in their light.
///
/// A conversation belongs to a tenant's user: another scope that names the same id has another conversation. One that
/// is not there is an empty one; nothing tells whether it was ever there. Turns come one after the other, which the
/// orchestrator sees to; a store must still hold when they do not. A store that is bounded takes from whoever has the
/// most: nobody's conversations go because one other user has many.
public protocol ConversationStore: Sendable {
    /// The last turns that together are at most so many messages, oldest first; whole, and the last one in any case.
    func turns(
        of conversation: String, scope: Scope, messages: Int
    ) async throws(CodedError) -> [ConversationTurn]
    /// Keeps a turn as the last one. Handing in a run's turn again does nothing.
    func append(_ turn: ConversationTurn, to conversation: String, scope: Scope) async throws(CodedError)
    /// Forgets a conversation.
    func forget(_ conversation: String, scope: Scope) async throws(CodedError)
}
