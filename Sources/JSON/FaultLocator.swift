internal import Base

/// Finds the field in which a refused text is at fault, as a path for the caller: `messages[2].content`. simdjson does
/// not say, and a caller with ten thousand messages wants to know. Runs on the way to an error only: one pass, no
/// recursion, O(bytes).
struct FaultLocator {
    /// As deep as a path is told, and as long as a key may be in it.
    private static let maxSteps = 4
    private static let maxKey = 64

    private enum Step {
        /// Where the key of the member at hand is, without its quotes.
        case object(key: Range<Int>?)
        case array(index: Int)
    }

    private let fault: JSONError
    private var steps: [Step] = []

    /// `nil` where the fault is in no field, or the text is too broken to tell.
    static func path(of fault: JSONError, in bytes: Span<UInt8>) -> String? {
        switch fault.kind {
        case .tooDeep, .invalidNumber, .invalidString, .loneSurrogate, .nul:
            var locator = FaultLocator(fault: fault)
            return locator.search(bytes) ? locator.path(bytes) : nil
        case .empty, .malformed, .invalidUTF8, .outOfMemory: return nil
        }
    }

    private init(fault: JSONError) { self.fault = fault }

    private mutating func search(_ bytes: Span<UInt8>) -> Bool {
        var at = 0
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                if fault.kind == .tooDeep, steps.count == JSONDocument.maxDepth { return true }
                steps.append(bytes[at] == UInt8(ascii: "{") ? .object(key: nil) : .array(index: 0))
                at += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard steps.popLast() != nil else { return false }
                at += 1
            case UInt8(ascii: ","):
                switch steps.popLast() {
                case .object: steps.append(.object(key: nil))
                case .array(let index): steps.append(.array(index: index + 1))
                case nil: return false
                }
                at += 1
            case UInt8(ascii: "\""):
                let (closing, isSound) = Self.string(bytes, from: at)
                let end = closing ?? bytes.count
                let isHere = fault.offset.map { $0 < end } ?? (fault.kind == .invalidString && !isSound)
                if isHere { return true }
                // What the parser takes for an escaped quote outside of strings opens one here that nothing closes.
                guard closing != nil else { return false }
                if case .object(key: nil) = steps.last { steps[steps.count - 1] = .object(key: at + 1..<end - 1) }
                at = end
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                let end = Self.numberEnd(bytes, from: at)
                if fault.kind == .invalidNumber, !Self.isNumber(bytes, at..<end) { return true }
                at = end
            default: at += 1
            }
        }
        return false
    }

    /// The end of the string that begins at `start`, `nil` where nothing closes it, and whether its escapes are known
    /// ones.
    private static func string(_ bytes: Span<UInt8>, from start: Int) -> (end: Int?, isSound: Bool) {
        var at = start + 1
        var isSound = true
        while at < bytes.count {
            switch bytes[at] {
            case UInt8(ascii: "\""): return (at + 1, isSound)
            case UInt8(ascii: "\\"):
                let escape = at + 1 < bytes.count ? bytes[at + 1] : 0
                if escape == UInt8(ascii: "u") {
                    let digits = at + 2..<min(at + 6, bytes.count)
                    isSound = isSound && digits.count == 4 && digits.allSatisfy { isHexDigit(bytes[$0]) }
                } else {
                    isSound = isSound && "\"\\/bfnrt".utf8.contains(escape)
                }
                at += 2
            default: at += 1
            }
        }
        return (nil, false)
    }

    private static func isHexDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }

    private static func numberEnd(_ bytes: Span<UInt8>, from start: Int) -> Int {
        var at = start + 1
        while at < bytes.count, !" \t\r\n,:]}[{\"".utf8.contains(bytes[at]) { at += 1 }
        return at
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// Whether JSON and 64 bits have such a number.
    private static func isNumber(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var at = range.lowerBound
        func digits() -> Int {
            let start = at
            while at < range.upperBound, isDigit(bytes[at]) { at += 1 }
            return at - start
        }
        func take(_ byte: Character) -> Bool {
            guard at < range.upperBound, bytes[at] == byte.asciiValue else { return false }
            at += 1
            return true
        }
        _ = take("-")
        let isWholeSound = take("0") || digits() > 0
        var isWhole = true
        if take(".") {
            isWhole = false
            guard digits() > 0 else { return false }
        }
        if take("e") || take("E") {
            isWhole = false
            _ = take("+") || take("-")
            guard digits() > 0 else { return false }
        }
        guard isWholeSound, at == range.upperBound else { return false }
        let text = String(decoding: range.map { bytes[$0] }, as: UTF8.self)
        return isWhole ? Int64(text) != nil || UInt64(text) != nil : Double(text)?.isFinite == true
    }

    /// Ends before the first key that is no plain name: what a caller wrote in odd places is not repeated.
    private func path(_ bytes: Span<UInt8>) -> String? {
        var path = ""
        for step in steps.prefix(Self.maxSteps) {
            switch step {
            case .array(let index): path += "[\(index)]"
            case .object(let key):
                guard let key, !key.isEmpty, key.count <= Self.maxKey, key.allSatisfy({ Self.isPlain(bytes[$0]) })
                else { return path.isEmpty ? nil : path }
                path += (path.isEmpty ? "" : ".") + String(decoding: key.map { bytes[$0] }, as: UTF8.self)
            }
        }
        return path.isEmpty ? nil : path
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
