extension Rule {
    private static func isOurs(_ file: SourceFile) -> Bool {
        file.isSwift && ["Sources/", "Tests/", "Benchmarks/", "Examples/"].contains { file.path.hasPrefix($0) }
    }

    static let unsafeCodeIsNative = forbids(
        "unsafe code lies in Native folders only",
        #"\bUnsafe\w*|\bUnmanaged\b|\bOpaquePointer\b|\bunsafe\b|\bwithUnsafe\w*|\bunsafe(?:Bit|Down)[Cc]ast\b"#
            + #"|@unchecked\s+Sendable|\bnonisolated\(unsafe\)|\bunowned\(unsafe\)"#,
        because: "belongs into a Native folder, with its ownership written on top of the file.",
        in: { isOurs($0) && !$0.isNative })

    /// Places that hold a clock or draw chance themselves: where the world is built, and where it is measured.
    private static func isDriver(_ file: SourceFile) -> Bool {
        file.isNative || ["Server", "tutti", "TestKit"].contains(file.room)
    }

    static let timeAndChanceAreInputs = Rule(name: "time and chance are inputs, held by drivers alone") { file, _ in
        guard file.isSwift, file.room != nil, !isDriver(file) else { return [] }
        let clocks = try Pattern(
            #"\b(?:ContinuousClock|SuspendingClock|SystemRandomNumberGenerator|DispatchTime|clock_gettime|gettimeofday)\b"#
                + #"|\bDate\(\)|\bDate\.now\b|\bUUID\(\)|\bSystemClock\(\)|\bTask\.sleep\b|\barc4random\w*"#)
        // A draw that names its generator is fine.
        let draws = try Pattern(#"\.(?:random|randomElement|shuffled?)\((?![^)]*\busing:)[^)]*\)"#)
        return (clocks.matches(in: file.code) + draws.matches(in: file.code)).map {
            Breach(
                path: file.path, line: $0.line,
                sentence: "`\($0.text)` reads a clock or draws chance; take an Instant or a generator as an input.")
        }
    }

    static let namesSaySomething = Rule(name: "names say what a thing does") { file, _ in
        guard isOurs(file) else { return [] }
        let empty = #"\w*(?:Manager|Helper|Helpers|Util|Utils|Utilities)\w*"#
        var breaches = try Pattern(#"\b(?:class|struct|enum|actor|protocol|typealias)\s+("# + empty + ")")
            .matches(in: file.code).map {
                Breach(path: file.path, line: $0.line, sentence: "`\($0.text)` names no job; say what it does.")
            }
        if try !Pattern("^" + empty).matches(in: file.name).isEmpty {
            breaches.append(
                Breach(path: file.path, line: 1, sentence: "The file's name names no job; say what is in it."))
        }
        return breaches
    }

    /// Looks into comments too, so this folder, which must name the words, is left out.
    static let nothingIsLeftToDo = Rule(name: "nothing is left to do") { file, _ in
        guard !file.path.hasPrefix("Tests/TidyTests/"), !file.path.hasSuffix("LICENSE") else { return [] }
        return try Pattern(#"\b(?:TODO|FIXME|XXX|HACK)\b"#).matches(in: file.text).map {
            Breach(path: file.path, line: $0.line, sentence: "`\($0.text)`: do it, or leave it out.")
        }
    }

    static let trapsHaveReasons = Rule(name: "what can trap has its reason on the line") { file, _ in
        guard isOurs(file), !file.isNative else { return [] }
        return try Pattern(#"\btry!|\bas!|\bfatalError\("#).matches(in: file.code).compactMap {
            file.hasComment(onLine: $0.line)
                ? nil
                : Breach(
                    path: file.path, line: $0.line,
                    sentence: "`\($0.text)` can trap; throw instead, or say on the line why it cannot happen.")
        }
    }

    static let pathsAreRelative = Rule(name: "no file knows the machine that it was written on") { file, _ in
        guard !file.path.hasPrefix("Tests/TidyTests/") else { return [] }
        return try Pattern(#"(?<![\w.~}\-])/(?:work|root|home)/\w*"#).matches(in: file.text).map {
            Breach(path: file.path, line: $0.line, sentence: "`\($0.text)` is a path of one machine.")
        }
    }

    static let testsDoNotSleep = forbids(
        "tests do not sleep", #"\bTask\.sleep\b|\bThread\.sleep\b|(?<![.\w])(?<!func )u?sleep\("#,
        because: "makes a test slow or flaky; advance a clock, or wait for what must happen.",
        in: { $0.isTest && $0.isSwift })

    static let testsAssert = Rule(name: "every test file asserts something") { file, _ in
        guard file.isTest, file.isSwift else { return [] }
        if try Pattern(#"\S"#).matches(in: file.code).isEmpty {
            return [Breach(path: file.path, line: 1, sentence: "The file is empty.")]
        }
        let tests = try Pattern(#"@Test\b"#).matches(in: file.code)
        let asserts = try Pattern(#"#expect\b|#require\b|\bIssue\.record\b|\bconfirmation\("#).matches(in: file.code)
        guard let first = tests.first, asserts.isEmpty else { return [] }
        return [Breach(path: file.path, line: first.line, sentence: "These tests cannot fail: they assert nothing.")]
    }
}
