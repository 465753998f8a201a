public import Base

extension Anthropic {
    /// What a request says of the version of the interface when its client says nothing, or is of another dialect.
    static let version = "2023-06-01"
    private static let longestBetas = 1024

    /// What the client's `anthropic-beta` names as in trial, for a provider of this dialect; `nil` for nothing.
    /// - Throws: `invalid_value` for what could not go on: over 1024 bytes, or other characters than such names have.
    public static func betas(_ header: String?) throws(CodedError) -> String? {
        guard let header, header.utf8.contains(where: { $0 != UInt8(ascii: " ") }) else { return nil }
        guard header.utf8.count <= longestBetas, header.utf8.allSatisfy(isOfNames) else {
            throw CodedError(
                .invalidValue,
                "The header anthropic-beta must be names with commas between them, such as "
                    + "files-api-2025-04-14,interleaved-thinking-2025-05-14: letters, digits and - _ . alone, at most "
                    + "\(longestBetas) bytes.", param: "anthropic-beta")
        }
        return header
    }

    /// The client's `anthropic-version`, by whose rules a provider of this dialect is to read its body; `nil` when it
    /// says nothing. What later versions refuse is left to the provider.
    /// - Throws: `invalid_value` for what is no day, and for the version before 2023-06-01, whose streams were others.
    public static func version(_ header: String?) throws(CodedError) -> String? {
        guard let header else { return nil }
        let parts = header.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        let isDay =
            parts.map(\.count) == [4, 2, 2]
            && parts.joined().allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        // Days of this form are in order as text.
        guard isDay, header >= version else {
            throw CodedError(
                .invalidValue,
                "The header anthropic-version must be a version of the interface, \(version) or a later one.",
                param: "anthropic-version")
        }
        return header
    }

    private static func isOfNames(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
            UInt8(ascii: ","), UInt8(ascii: " "):
            true
        default: false
        }
    }
}
