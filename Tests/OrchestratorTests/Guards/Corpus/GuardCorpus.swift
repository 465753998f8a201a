import Foundation

@testable import Orchestrator

/// Text that was written for these tests, in which every secret is marked: `⟪E:…⟫` an e-mail address, P a phone number, C a
/// card, I an IBAN, S a social security number, K a key by its name here. Keys are put together from parts, and visibly
/// made up, so that nothing in this project looks like a key that leaked.
enum GuardCorpus {
    struct Line: Sendable {
        var text: String
        /// The bytes of the text, with what is there.
        var secrets: [(range: Range<Int>, kind: GuardKind)]

        /// With a mark in place of each.
        var redacted: String {
            var output: [UInt8] = []
            var place = 0
            let bytes = Array(text.utf8)
            for secret in secrets {
                output += bytes[place..<secret.range.lowerBound]
                output += secret.kind.mark.utf8
                place = secret.range.upperBound
            }
            output += bytes[place...]
            return String(decoding: output, as: UTF8.self)
        }
    }

    static let lines: [Line] = texts.flatMap { $0.split(separator: "\n").map { parse(String($0)) } }

    private static let texts = [
        english, german, french, spanish, italian, portuguese, dutch, polish, russian, japanese, chinese, hindi, arabic,
        turkish, elsewhere, nearMisses, machines,
        everyday, counts, contacts, identifiers, talk, quantities,
    ]

    private static func parse(_ source: String) -> Line {
        var text = ""
        var secrets: [(range: Range<Int>, kind: GuardKind)] = []
        var rest = source[...]
        while let open = rest.range(of: "⟪"), let close = rest.range(of: "⟫") {
            text += rest[..<open.lowerBound]
            let content = rest[open.upperBound..<close.lowerBound]
            let body = String(content.dropFirst(2))
            let kind = kinds[content.prefix(1)] ?? .key
            let start = text.utf8.count
            text += kind == .key ? key(body) : body
            secrets.append((start..<text.utf8.count, kind))
            rest = rest[close.upperBound...]
        }
        return Line(text: text + rest, secrets: secrets)
    }

    private static let kinds: [Substring: GuardKind] = [
        "E": .email, "P": .phone, "C": .card, "I": .iban, "S": .ssn, "K": .key,
    ]

    /// A key of that shape which nobody has.
    static func key(_ name: String) -> String {
        switch name {
        case "sk1": "sk" + "-" + filler(48)
        case "sk2": "sk" + "-proj" + "-" + filler(64)
        case "ant": "sk" + "-ant" + "-api03-" + filler(80)
        case "ghp", "gho", "ghs": name + "_" + filler(36)
        case "pat": "github" + "_pat_" + filler(22) + "_" + filler(59)
        case "akia": "AK" + "IA" + filler(16).uppercased()
        case "asia": "AS" + "IA" + filler(16).uppercased()
        case "xoxb": "xo" + "xb" + "-000000000000-" + filler(24)
        case "aiza": "AI" + "za" + filler(35)
        case "glpat": "gl" + "pat" + "-" + filler(20)
        case "npm": "np" + "m_" + filler(36)
        case "stripe": "sk" + "_live" + "_" + filler(24)
        case "skPlain": "sk" + "-" + plain(42)
        case "skUUID": "sk" + "-" + "550e8400-e29b-41d4-a716-446655440000"
        case "skProject": "sk" + "-proj" + "-" + plain(48)
        case "skService": "sk" + "-svcacct" + "-" + "made-up-Zz_" + plain(40)
        case "glpatPlain": "gl" + "pat" + "-" + plain(20)
        case "xoxc", "xoxd": "xo" + name.dropFirst(2) + "-" + plain(32)
        case "jwt":
            [part(#"{"alg":"HS256","typ":"JWT"}"#), part(#"{"sub":"nobody"}"#), filler(43)].joined(separator: ".")
        case "pem": pem
        default: ""
        }
    }

    private static func filler(_ count: Int) -> String {
        String((0..<count).map { Array("Fake0Key1NotReal2")[$0 % 17] })
    }

    /// One in which letters come first for long.
    private static func plain(_ count: Int) -> String {
        String((0..<count).map { Array("abcdefghijklmnopqrstuvwxyz0123456789ABCDEF")[$0 % 42] })
    }

    private static func part(_ json: String) -> String {
        Data(json.utf8).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing(
            "=", with: "")
    }

    private static let pem: String = {
        let dashes = String(repeating: "-", count: 5)
        let name = "RSA PRIVATE" + " KEY"
        let body = Array(repeating: filler(64), count: 6).joined(separator: "\n")
        return "\(dashes)BEGIN \(name)\(dashes)\n\(body)\n\(dashes)END \(name)\(dashes)"
    }()
}
