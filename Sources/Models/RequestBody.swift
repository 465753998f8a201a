public import Base
public import JSON

/// The body of a request, before any dialect looks at it.
public enum RequestBody {
    /// The object that the body must be. A field that stands twice is refused: whoever reads the body next could take
    /// the other one.
    /// - Parameter example: What such a body looks like, for the error.
    public static func object(_ body: [UInt8], like example: String) throws(CodedError) -> JSONNode {
        let root: JSONNode
        do { root = try JSONDocument(body).root } catch { throw error.coded }
        guard root.kind == .object else {
            throw CodedError(.invalidType, "The body must be a JSON object, like \(example).")
        }
        if let key = root.duplicateKey {
            let name = String(key.prefix(64))
            throw CodedError(.invalidValue, "The field '\(name)' occurs twice. Send it once.", param: name)
        }
        return root
    }
}
