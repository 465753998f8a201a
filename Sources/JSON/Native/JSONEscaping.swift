// Ownership: every pointer is borrowed from a Swift string or array for the length of one call; nothing is kept.
internal import CShims

/// Appends strings in JSON's form, with the comma before them and the colon after them where there is to be one.
enum JSONEscaping {
    struct Frame {
        var comma = false
        var colon = false
    }

    /// Beyond a text's own bytes: its frame, and what C wants to see to go on.
    private static let leastRoom = 20

    static func append(_ text: String, in frame: Frame = Frame(), to bytes: inout [UInt8]) {
        let appended: Void? = unsafe text.utf8.withContiguousStorageIfAvailable { run in
            unsafe append(run, in: frame, to: &bytes)
        }
        if appended == nil { append(utf8: Array(text.utf8).span, in: frame, to: &bytes) }
    }

    static func append(utf8 text: Span<UInt8>, in frame: Frame = Frame(), to bytes: inout [UInt8]) {
        unsafe text.withUnsafeBufferPointer { run in unsafe append(run, in: frame, to: &bytes) }
    }

    static func append(unescaped text: StaticString, to bytes: inout [UInt8]) {
        text.withUTF8Buffer { run in unsafe bytes.append(contentsOf: run) }
    }

    /// A key that needs no escaping.
    static func append(key: StaticString, comma: Bool, to bytes: inout [UInt8]) {
        key.withUTF8Buffer { run in
            bytes.append(addingCapacity: run.count + 4) { output in
                if comma { output.append(UInt8(ascii: ",")) }
                output.append(UInt8(ascii: "\""))
                unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                    count += unsafe UnsafeMutableBufferPointer(rebasing: buffer[count...]).update(fromContentsOf: run)
                }
                output.append(UInt8(ascii: "\""))
                output.append(UInt8(ascii: ":"))
            }
        }
    }

    /// Room is asked for as if nothing had to be escaped, and again where that was too little.
    private static func append(_ text: UnsafeBufferPointer<UInt8>, in frame: Frame, to bytes: inout [UInt8]) {
        var read = 0
        var (isOpen, isWhole) = (false, false)
        while !isWhole {
            let room = max(bytes.capacity - bytes.count, text.count - read + leastRoom)
            bytes.append(addingCapacity: room) { output in
                if !isOpen {
                    if frame.comma { output.append(UInt8(ascii: ",")) }
                    output.append(UInt8(ascii: "\""))
                    isOpen = true
                }
                unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                    // Both are there wherever there is anything to read or to write.
                    guard let source = text.baseAddress, let target = buffer.baseAddress else { return }
                    count += unsafe tutti_json_escape(source, text.count, &read, target + count, buffer.count - count)
                }
                guard read == text.count, output.freeCapacity >= 2 else { return }
                output.append(UInt8(ascii: "\""))
                if frame.colon { output.append(UInt8(ascii: ":")) }
                isWhole = true
            }
        }
    }
}
