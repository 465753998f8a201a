// Ownership: none. The kernel's own account says what is mapped; only ranges of files are given advice on, which nobody
// has written to, so that a page that is dropped comes back from its file as it was.
internal import Glibc

/// The memory of code and libraries that were needed to start. A start goes through far more of them than a server that
/// waits, and the kernel maps the neighbourhood of each page with it: two thirds of what an idle server had resident.
enum StartPages {
    /// Takes what is mapped of files out of the process's resident memory. Whatever is needed again comes from the page
    /// cache, at a fault for some sixteen pages. Before anybody is served: not beside who loads a library. A few
    /// milliseconds.
    static func giveBack() {
        let file = unsafe open("/proc/self/smaps", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        defer { close(file) }
        var account = Account()
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        var kept = 0
        while true {
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                unsafe read(file, buffer.baseAddress! + kept, buffer.count - kept)
            }
            // A line that fills all of it is not the kernel's.
            guard got > 0 else { break }
            let rest = account.read(bytes[..<(kept + got)])
            kept = rest.count
            bytes.replaceSubrange(..<kept, with: Array(rest))
        }
        for range in account.unwritten {
            guard let start = unsafe UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { continue }
            _ = unsafe madvise(start, range.count, MADV_DONTNEED)
        }
    }

    /// Reads `/proc/self/smaps`.
    struct Account {
        /// What is a file's, cannot be written to, and was not written to while it still could be, as tables of addresses
        /// are.
        private(set) var unwritten: [Range<UInt>] = []
        private var candidate: Range<UInt>?

        /// Takes all lines that are whole and returns what is left.
        mutating func read(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
            var rest = bytes
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                take(rest[..<end])
                rest = rest[(end + 1)...]
            }
            return rest
        }

        private mutating func take(_ line: ArraySlice<UInt8>) {
            guard let first = line.first else { return }
            if UInt8(ascii: "A")...UInt8(ascii: "Z") ~= first {
                // Most lines are of no interest, so they do not become text.
                guard let range = candidate, line.starts(with: "Anonymous:".utf8) else { return }
                candidate = nil
                if Account.words(line).dropFirst().first == "0" { unwritten.append(range) }
            } else {
                candidate = Account.mapping(Account.words(line))
            }
        }

        private static func words(_ line: ArraySlice<UInt8>) -> [Substring] {
            String(decoding: line, as: UTF8.self).split(separator: " ")
        }

        /// `start-end rights offset device number path`
        private static func mapping(_ words: [Substring]) -> Range<UInt>? {
            guard words.count >= 6, words[5].hasPrefix("/"), words[1].hasPrefix("r"), !words[1].contains("w") else {
                return nil
            }
            let ends = words[0].split(separator: "-").map { UInt($0, radix: 16) }
            guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else { return nil }
            return start..<end
        }
    }
}
