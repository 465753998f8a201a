public import Base
public import Models

/// A named way of answering.
public struct Persona: Sendable, Hashable {
    public var name: String
    /// What everybody who writes for the answer is told before anything else.
    public var instructions: String

    public init(_ name: String, instructions: String) {
        self.name = name
        self.instructions = instructions
    }

    func before(_ others: String?) -> String { others.map { "\(instructions)\n\n\($0)" } ?? instructions }
}

/// Knows as whom a caller is answered. Called once a turn, on its task; must not block.
public protocol PersonaSource: Sendable {
    /// `nil` for a turn that is answered as nobody in particular.
    func persona(for request: ChatRequest, scope: Scope) throws(CodedError) -> Persona?
}

/// Nobody is answered as anybody.
public struct NoPersonas: PersonaSource {
    public init() {}

    public func persona(for request: ChatRequest, scope: Scope) -> Persona? { nil }
}
