import Testing

/// Something that the whole tree keeps to. `check` says where it does not.
struct Rule: Sendable, CustomTestStringConvertible {
    /// What holds where the rule is kept.
    let name: String
    let check: @Sendable (SourceFile, Tree) throws -> [Breach]

    var testDescription: String { name }

    static let all: [Rule] = [
        .roomsAreKnown, .importsFollowTheTable, .unsafeCodeIsNative, .timeAndChanceAreInputs, .filesAreShort,
        .functionsAreShort, .namesSaySomething, .nothingIsLeftToDo, .trapsHaveReasons, .pathsAreRelative,
        .testsDoNotSleep, .testsAssert, .linksLeadSomewhere,
    ]

    /// A rule that a pattern may not be found in the code of the files that `applies` chooses.
    static func forbids(
        _ name: String, _ pattern: String, because sentence: String,
        in applies: @escaping @Sendable (SourceFile) -> Bool
    ) -> Rule {
        Rule(name: name) { file, _ in
            guard applies(file) else { return [] }
            return try Pattern(pattern).matches(in: file.code).map {
                Breach(path: file.path, line: $0.line, sentence: "`\($0.text)` \(sentence)")
            }
        }
    }
}
