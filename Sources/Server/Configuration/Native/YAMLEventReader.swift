// Who owns what:
//   parser  allocated, initialised and freed by this struct (init, deinit); never leaves it.
//   bytes   the parser's own copy of the text, allocated in init and freed in deinit, after the parser.
//   event   filled by libyaml in `next()`, copied into Swift values, deleted before `next()` returns, also on failure.
// libyaml calls nothing back. Its event parser keeps its state on a heap stack and does not recurse.
internal import CYAML

/// What libyaml sees, one event at a time. Anchors and tags are only told of, since a configuration has none.
struct YAMLEvent {
    enum Kind {
        case scalar(text: String, quoted: Bool)
        case listStart, listEnd, mapStart, mapEnd
        case alias
        case documentStart(directives: Bool)
        case streamEnd
        /// The start of the stream and the end of a document carry nothing.
        case other
    }

    var kind: Kind
    var place: YAMLPlace
    var hasAnchor = false
    var hasTag = false
}

/// libyaml's event parser over a text in memory. O(text) in all; no event allocates more than its own text.
@safe struct YAMLEventReader: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let bytes: UnsafeMutableBufferPointer<UInt8>

    /// `nil` only when memory is short.
    init?(_ text: [UInt8]) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.count)
        _ = unsafe copy.initialize(fromContentsOf: text)
        let handle = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(handle) == 1 else {
            unsafe handle.deallocate()
            unsafe copy.deallocate()
            return nil
        }
        // Fixes the encoding: no byte-order mark turns the text into UTF-16.
        unsafe yaml_parser_set_encoding(handle, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(handle, copy.baseAddress, copy.count)
        unsafe parser = handle
        unsafe bytes = copy
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe bytes.deallocate()
    }

    /// The next event. Throws at the first place where the text is not YAML; nothing may be read after that.
    mutating func next() throws(YAMLProblem) -> YAMLEvent {
        var event = unsafe yaml_event_t()
        guard unsafe yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { unsafe yaml_event_delete(&event) }
        return unsafe translate(event)
    }

    private func translate(_ event: yaml_event_t) -> YAMLEvent {
        let place = unsafe YAMLPlace(event.start_mark)
        switch unsafe event.type {
        case YAML_SCALAR_EVENT:
            let scalar = unsafe event.data.scalar
            let characters = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            let text = unsafe String(decoding: characters, as: UTF8.self)
            let quoted = unsafe scalar.style != YAML_PLAIN_SCALAR_STYLE
            return unsafe YAMLEvent(
                kind: .scalar(text: text, quoted: quoted),
                place: place,
                hasAnchor: scalar.anchor != nil,
                hasTag: scalar.tag != nil
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = unsafe event.data.sequence_start
            return unsafe YAMLEvent(
                kind: .listStart,
                place: place,
                hasAnchor: start.anchor != nil,
                hasTag: start.tag != nil
            )
        case YAML_MAPPING_START_EVENT:
            let start = unsafe event.data.mapping_start
            return unsafe YAMLEvent(
                kind: .mapStart,
                place: place,
                hasAnchor: start.anchor != nil,
                hasTag: start.tag != nil
            )
        case YAML_SEQUENCE_END_EVENT: return YAMLEvent(kind: .listEnd, place: place)
        case YAML_MAPPING_END_EVENT: return YAMLEvent(kind: .mapEnd, place: place)
        case YAML_ALIAS_EVENT: return YAMLEvent(kind: .alias, place: place)
        case YAML_DOCUMENT_START_EVENT:
            let start = unsafe event.data.document_start
            let directives = unsafe start.tag_directives.start != start.tag_directives.end
            return YAMLEvent(kind: .documentStart(directives: directives), place: place)
        case YAML_STREAM_END_EVENT, YAML_NO_EVENT: return YAMLEvent(kind: .streamEnd, place: place)
        default: return YAMLEvent(kind: .other, place: place)
        }
    }

    /// libyaml's own words hold nothing of the text, so they may be shown.
    private func problem() -> YAMLProblem {
        let words = unsafe parser.pointee.problem.map { unsafe String(cString: $0) } ?? "not readable"
        if unsafe parser.pointee.error == YAML_READER_ERROR {
            return YAMLProblem(
                place: unsafe place(atByte: parser.pointee.problem_offset),
                sentence: "The text cannot be read here: \(words).")
        }
        return YAMLProblem(
            place: unsafe YAMLPlace(parser.pointee.problem_mark),
            sentence: "This is not valid YAML: \(words)."
        )
    }

    /// For faults of the encoding libyaml tells the byte only.
    private func place(atByte offset: Int) -> YAMLPlace {
        var place = YAMLPlace(line: 1, column: 1)
        let end = unsafe min(max(0, offset), bytes.count)
        for index in 0..<end {
            let byte = unsafe bytes[index]
            if byte == UInt8(ascii: "\n") {
                place = YAMLPlace(line: place.line + 1, column: 1)
            } else if byte & 0xc0 != 0x80 {
                place.column += 1
            }
        }
        return place
    }
}

extension YAMLPlace {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
    }
}
