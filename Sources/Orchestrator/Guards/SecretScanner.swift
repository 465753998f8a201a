/// Goes through a text once and finds what is not to leave. Looks closer only at bytes with which a finding may begin (or,
/// for addresses, at the `@` in their middle); all others cost one look into a table.
struct SecretScanner {
    enum Step: Equatable {
        case found(Finding)
        /// More of the last finding.
        case more(Range<Int>)
        /// There is nothing further to say: all before this place is decided.
        case settled(Int)
    }

    /// What a byte may begin, a bit each.
    struct Starts: OptionSet {
        let rawValue: UInt8
        static let digit = Starts(rawValue: 1)
        static let number = Starts(rawValue: 2)
        static let address = Starts(rawValue: 4)
        static let key = Starts(rawValue: 8)
        static let block = Starts(rawValue: 16)
        static let pattern = Starts(rawValue: 32)

        /// For every byte, without patterns of the user's.
        static let builtIn: [UInt8] = (0...255).map { (byte: UInt8) -> UInt8 in
            var starts: Starts = []
            if byte.isDigit { starts.insert(.digit) }
            if byte == UInt8(ascii: "+") || byte == UInt8(ascii: "(") { starts.insert(.number) }
            if byte == UInt8(ascii: "@") { starts.insert(.address) }
            if KeyDetector.starts.contains(byte) { starts.insert(.key) }
            if byte == UInt8(ascii: "-") { starts.insert(.block) }
            return starts.rawValue
        }
    }

    /// The most of a block that is taken for one, in bytes.
    private static let maxBlock = 16 << 10

    /// The next byte that is to be looked at.
    private(set) var position = 0
    /// Nothing before it is part of another finding.
    private var floor = 0
    private var rest = Finding.Rest.nothing
    private var restLength = 0

    /// The text has lost so many bytes at its beginning.
    mutating func shift(by count: Int) {
        position -= count
        floor = max(0, floor - count)
    }

    mutating func next(
        in text: Span<UInt8>, isFinal: Bool, patterns: borrowing GuardPatterns
    ) -> Step {
        if rest != .nothing, let step = takeRest(text, isFinal) { return step }
        let count = text.count
        let table = patterns.starts.span
        while true {
            var place = position
            while place < count {
                let bits = table[Int(text[place])]
                // Inside of a word, as most letters are, no key begins.
                let isWord = bits == Starts.key.rawValue && text.before(place).isAlphanumeric
                guard bits == 0 || isWord else { break }
                place += 1
            }
            position = place
            guard place < count else { break }
            let bits = table[Int(text[place])]
            var probe = Probe()
            let finding = look(Starts(rawValue: bits), text, isFinal, patterns, &probe)
            if probe.reach > count, !isFinal { return .settled(held(from: position, text)) }
            guard let finding else {
                position += 1
                continue
            }
            position = finding.end
            floor = finding.end
            rest = finding.rest
            restLength = 0
            return .found(finding)
        }
        return .settled(isFinal ? count : held(from: count, text))
    }

    private func look(
        _ starts: Starts, _ text: Span<UInt8>, _ isFinal: Bool, _ patterns: borrowing GuardPatterns,
        _ probe: inout Probe
    ) -> Finding? {
        if starts.contains(.digit) {
            if position >= floor + 2, text[position - 1].isLetter,
                let finding = IBANDetector.find(at: position, floor: floor, text, &probe)
            {
                return finding
            }
            if let finding = number(text, &probe) { return finding }
        } else if starts.contains(.number) {
            if let finding = number(text, &probe) { return finding }
        } else if starts.contains(.address) {
            if let finding = EmailDetector.find(at: position, floor: floor, text, &probe) { return finding }
        } else if starts.contains(.block) {
            if let finding = BlockDetector.find(at: position, text, &probe) { return finding }
        } else if starts.contains(.key) {
            if let finding = KeyDetector.find(at: position, text, &probe) { return finding }
        }
        guard starts.contains(.pattern) else { return nil }
        return patterns.find(at: position, text, isFinal: isFinal, &probe)
    }

    private func number(_ text: Span<UInt8>, _ probe: inout Probe) -> Finding? {
        guard NumberRun.mayBegin(at: position, text), let run = NumberRun(at: position, text, &probe) else {
            return nil
        }
        return SocialSecurityDetector.find(run, text, &probe) ?? CardDetector.find(run, text, &probe)
            ?? PhoneDetector.find(run, text, &probe)
    }

    /// From where the text is held back when nothing from `place` on is decided: the word that ends there may be the
    /// beginning of an address, and where it is too long for one, its last letters the country of an account.
    private func held(from place: Int, _ text: Span<UInt8>) -> Int {
        if place < text.count, !EmailDetector.isLocal(text[place]), text[place] != UInt8(ascii: "@"), text[place] < 0x80
        {
            return place
        }
        return EmailDetector.localStart(before: place, floor: floor, text)
            ?? IBANDetector.countryStart(before: place, floor: floor, text)
    }

    /// Goes on behind a finding as long as what comes belongs to it.
    private mutating func takeRest(_ text: Span<UInt8>, _ isFinal: Bool) -> Step? {
        let begin = position
        var isOver = isFinal
        scan: while position < text.count {
            let byte = text[position]
            switch rest {
            case .nothing: break scan
            case .token where byte.isToken, .dottedToken where byte.isToken: position += 1
            case .dottedToken where byte == UInt8(ascii: "."):
                // The point that ends a sentence is none between parts.
                if position + 1 == text.count, !isFinal { break scan }
                guard position + 1 < text.count, text[position + 1].isToken else {
                    isOver = true
                    break scan
                }
                position += 1
            case .block where byte == UInt8(ascii: "-"):
                var probe = Probe()
                let end = BlockDetector.endLine(at: position, text, &probe)
                if probe.reach > text.count, !isFinal { break scan }
                position = end ?? position + 1
                isOver = end != nil
                if isOver { break scan }
            case .block where BlockDetector.isInside(byte) && restLength + position - begin < Self.maxBlock:
                position += 1
            case .token, .dottedToken, .block:
                isOver = true
                break scan
            }
        }
        position = min(position, text.count)
        restLength += position - begin
        floor = position
        if isOver { rest = .nothing }
        if position > begin { return .more(begin..<position) }
        return isOver ? nil : .settled(position)
    }
}
