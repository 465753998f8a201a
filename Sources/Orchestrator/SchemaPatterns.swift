internal import Base
internal import Models
internal import Synchronization

/// Compiles the patterns of one schema, which a client wrote: all of them together may take only so much, however many
/// they are. What is over, or means nothing to the engine, is not checked.
final class SchemaPatterns: Sendable {
    /// What the programs of one schema may have together, in instructions: some milliseconds to compile them.
    static let budget = 4000
    /// What a pattern takes that turns out to be none or too large, in instructions.
    static let refusal = 500

    private struct State {
        var left = SchemaPatterns.budget
        /// By the pattern's bytes, since equal strings may differ in them. Schemas repeat their patterns, and one that
        /// is known takes nothing. `nil` for a refused one. The budget bounds how many there are.
        var known: [[UInt8]: RegularExpression?] = [:]

        mutating func expression(_ pattern: String) -> RegularExpression? {
            let key = Array(pattern.utf8)
            if let known = known[key] { return known }
            guard left > 0 else { return nil }
            // Long patterns take time to read, whatever becomes of them.
            var cost = max(1, key.count / 8)
            var expression: RegularExpression?
            if let translated = ECMAPattern.translated(pattern) {
                expression = RegularExpression(translated)
                cost = max(cost, expression?.programSize ?? SchemaPatterns.refusal)
                if cost > left { expression = nil }
            }
            left -= min(left, cost)
            known[key] = .some(expression)
            return expression
        }
    }

    private let state = Mutex(State())

    /// What is left of ``budget``.
    var left: Int { state.withLock { $0.left } }

    /// `nil` leaves the pattern, which is in the syntax of ECMA-262, unchecked.
    func compile(_ pattern: String) -> JSONSchema.Pattern? {
        guard pattern.utf8.count <= RegularExpression.maxLength,
            let expression = state.withLock({ $0.expression(pattern) })
        else { return nil }
        return { text in expression.occurs(in: text) }
    }
}
