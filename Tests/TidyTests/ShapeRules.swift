import Foundation

extension Rule {
    static let maxFileLines = 600
    static let maxFunctionLines = 70
    /// Above this a file is named in a note.
    static let longFileLines = 300

    static let filesAreShort = Rule(name: "files have at most 600 lines") { file, _ in
        let isCode = [".swift", ".c", ".cpp", ".h", ".hpp", ".sh", ".py"].contains { file.path.hasSuffix($0) }
        guard isCode, file.lineCount > maxFileLines else { return [] }
        return [
            Breach(
                path: file.path, line: maxFileLines + 1,
                sentence: "The file has \(file.lineCount) lines; give its second topic a file of its own.")
        ]
    }

    static let functionsAreShort = Rule(name: "functions have at most 70 lines") { file, _ in
        guard file.isSwift else { return [] }
        let code = file.code as NSString
        let functions = try Pattern(
            #"(?<![.\w])(?:func\s+([^\s(]+)|(init)[?!]?\s*(?=[(<])|(deinit)\b|(subscript)\s*(?=[(<])|var\s+(\w+)\s*:[^={\n]*(?=\{))"#
        )
        return functions.matches(in: file.code).compactMap { match -> Breach? in
            let start = match.range.location + match.range.length
            guard let lines = bodyLines(code, from: start, startingAt: match.range.location),
                lines > maxFunctionLines
            else { return nil }
            let name = code.substring(with: match.range).trimmingCharacters(in: .whitespacesAndNewlines)
            return Breach(
                path: file.path, line: match.line, sentence: "`\(name)` has \(lines) lines; take a step out of it.")
        }
    }

    /// The lines from `declaration` to the brace that closes the body; `nil` when there is no body.
    private static func bodyLines(_ code: NSString, from start: Int, startingAt declaration: Int) -> Int? {
        var index = start
        var lines =
            1
            + code.substring(with: NSRange(location: declaration, length: start - declaration)).utf8.count { $0 == 10 }
        var depth = 0
        var braces = 0
        var atLineStart = false
        while index < code.length {
            guard let scalar = Unicode.Scalar(code.character(at: index)) else {
                index += 1
                continue
            }
            switch scalar {
            case "\n":
                lines += 1
                atLineStart = true
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "{": if depth == 0 || braces > 0 { braces += 1 } else { depth += 1 }
            case "}":
                if braces == 0, depth <= 0 { return nil }
                if braces > 0 { braces -= 1 } else { depth -= 1 }
                if braces == 0, depth <= 0 { return lines }
            default:
                if atLineStart, braces == 0, depth == 0, beginsDeclaration(code, index) { return nil }
                if scalar != " ", scalar != "\t" { atLineStart = false }
            }
            index += 1
        }
        return nil
    }

    /// Whether another member begins here, so that the one before had no body (a protocol's).
    private static func beginsDeclaration(_ code: NSString, _ index: Int) -> Bool {
        let rest = code.substring(with: NSRange(location: index, length: min(16, code.length - index)))
        return [
            "func ", "var ", "let ", "init", "static ", "mutating ", "subscript", "associatedtype ", "case ", "@",
            "public ", "internal ", "private ",
        ].contains { rest.hasPrefix($0) }
    }

    static let linksLeadSomewhere = Rule(name: "links in the documentation lead to files that exist") { file, tree in
        guard file.path.hasSuffix(".md"), !file.path.contains("/") || file.path.hasPrefix("docs/") else { return [] }
        let folder = file.path.split(separator: "/").dropLast().map(String.init)
        return try Pattern(#"\]\(<?([^)\s>]+)"#).matches(in: withoutCodeBlocks(file.text)).compactMap {
            match -> Breach? in
            let target = match.text.split(separator: "#", omittingEmptySubsequences: false).first.map(String.init) ?? ""
            if target.isEmpty || target.contains("://") || target.hasPrefix("mailto:") { return nil }
            var parts = folder
            for part in target.split(separator: "/") where part != "." {
                if part != ".." {
                    parts.append(part.removingPercentEncoding ?? String(part))
                } else if parts.popLast() == nil {
                    return Breach(path: file.path, line: match.line, sentence: "`\(target)` leads out of the project.")
                }
            }
            let path = parts.joined(separator: "/")
            if path.isEmpty || tree.paths.contains(path) { return nil }
            return Breach(path: file.path, line: match.line, sentence: "`\(target)` leads nowhere.")
        }
    }

    /// Fenced blocks emptied; lines keep their numbers.
    private static func withoutCodeBlocks(_ text: String) -> String {
        var isFenced = false
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> Substring in
            if line.drop(while: { $0 == " " }).hasPrefix("```") {
                isFenced.toggle()
                return ""
            }
            return isFenced ? "" : line
        }.joined(separator: "\n")
    }
}
