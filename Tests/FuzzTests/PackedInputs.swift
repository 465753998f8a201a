import Foundation

/// Inputs kept in a text file, one a line: printable ASCII as it is, a backslash doubled, `\r`, `\n`, other bytes as
/// `\x` and two hexadecimal digits. `scripts/fuzz/pack.py` writes it.
enum PackedInputs {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Corpus")

    static func of(_ target: FuzzTarget) throws -> [[UInt8]] {
        let text = try Data(contentsOf: folder.appending(path: "\(target.name).txt"))
        return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropLast().map {
            unpacked($0)
        }
    }

    static func unpacked(_ line: Data) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = line[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let letter = rest.popFirst() else {
                bytes.append(byte)
                continue
            }
            switch letter {
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "x"):
                bytes.append(UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) ?? 0)
                rest = rest.dropFirst(2)
            default: bytes.append(letter)
            }
        }
        return bytes
    }

    static func packed(_ bytes: [UInt8]) -> String {
        bytes.map { byte in
            switch byte {
            case 10: "\\n"
            case 13: "\\r"
            case UInt8(ascii: "\\"): "\\\\"
            case 0x20..<0x7f: String(Character(Unicode.Scalar(byte)))
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }
}
