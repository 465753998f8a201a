import Foundation
import JSON

@testable import Server

/// What a YAML text means to an editor that checks it against a schema: plain values are numbers and truth values where
/// they look like it.
enum YAMLAsJSON {
    static func value(of text: String) -> JSON {
        YAMLTree.read(Array(text.utf8)).root.map(value) ?? .null
    }

    static func value(_ node: YAMLNode) -> JSON {
        switch node.value {
        case .list(let items): return .array(items.map(value))
        case .map(let entries): return .object(entries.map { JSON.Member($0.key, value($0.node)) })
        case .scalar(let text, let quoted):
            if node.isNull { return .null }
            if quoted { return .string(text) }
            if text == "true" || text == "false" { return .bool(text == "true") }
            if let number = Int64(text) { return .int(number) }
            if text.first?.isNumber == true, let number = Double(text) { return .double(number) }
            return .string(text)
        }
    }
}
