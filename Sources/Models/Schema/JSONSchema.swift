public import Base
public import JSON

/// A JSON schema against which the answers of models are checked. Compiled once; a check is pure, takes bounded work
/// and a bounded stack, and never fetches anything.
///
/// It follows draft 2020-12 and what draft 7 spells otherwise: `definitions`, `dependencies`, `items` as an array with
/// `additionalItems` and, where `$schema` names draft 7 or older, a `$ref` beside which nothing else counts.
///
/// Not checked, and never a reason to refuse a schema or an answer:
/// - `format`, `contentEncoding` and the like, which are annotations,
/// - keywords that are not JSON Schema's,
/// - `pattern` and `patternProperties` where no engine for regular expressions is given, or it leaves a pattern out.
///   What follows from such a pattern is unknown then, and an answer is found wrong only where it is so either way.
///
/// Refused are references to anywhere but the schema itself, also those by `$id`, and dynamic references.
public struct JSONSchema: Sendable {
    /// How many schemas one schema may consist of.
    public static let maxSubschemas = 20_000
    /// The steps of a check if not said otherwise: about a quarter of a second. A step is a rule, a member, an element
    /// or a few bytes that are looked at.
    public static let defaultSteps = 1_000_000

    /// Looks for a match of one pattern anywhere in a text, which is UTF-8. It must take time linear in the text.
    public typealias Pattern = @Sendable (_ text: ArraySlice<UInt8>) -> Bool
    /// Makes a pattern, once for each that the schema holds: `nil` leaves it unchecked, an error refuses the schema.
    public typealias PatternCompiler = @Sendable (_ pattern: String) throws(CodedError) -> Pattern?

    /// The first is the schema itself.
    let subschemas: [Subschema]

    /// - Parameter param: where the schema stands in the request: `response_format.json_schema.schema`.
    /// - Throws: `invalid_value`, its `param` naming the place, for what cannot be followed: references that lead back
    ///   to themselves without going into the answer, lead nowhere or out of the schema, keywords of the wrong type,
    ///   members that stand twice, more than ``maxSubschemas`` schemas; and what `patterns` throws.
    public init(
        compiling node: JSONNode, param: String, patterns: PatternCompiler? = nil
    ) throws(CodedError) {
        subschemas = try SchemaCompiler.compile(node, param: param, patterns: patterns)
    }

    /// What is wrong with an answer, members that stand twice first; empty if nothing is.
    ///
    /// A check that would take more than `steps` steps, or in which 512 rules lead from one to the next, ends with one
    /// more violation, of the kind ``SchemaViolation/Kind/undecided``. What has been found until then is true.
    /// - Parameter limit: how many violations are looked for, at least one.
    public func violations(
        in instance: JSONNode, limit: Int = 8, steps: Int = JSONSchema.defaultSteps
    ) -> [SchemaViolation] {
        var evaluation = SchemaEvaluation(self, limit: max(1, limit), steps: max(1, steps))
        return evaluation.violations(in: instance)
    }
}
