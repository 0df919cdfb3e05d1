import CYAML

/// The events of a YAML text, from libyaml.
///
/// Yams would bring all of Foundation: it made a static release program of 6.1 MB one of 58.6 MB, and its memory at start 15.6 MB instead of
/// 5.5 MB. libyaml, on which it is built too, costs 130 kB as a library of the system's, and tells the place of every event.
final class YAMLEvents {
    struct Event {
        enum Kind {
            case scalar(String, isPlain: Bool, tag: String?, anchor: String?)
            case listBegins(tag: String?, anchor: String?)
            case listEnds
            case mapBegins(tag: String?, anchor: String?)
            case mapEnds
            case alias(String)
            case documentBegins
            /// Ends of documents, begin of the stream: of no interest.
            case other
            case streamEnds
        }

        let kind: Kind
        let place: YAMLPlace
    }

    private let file: String
    private let bytes: UnsafeMutableBufferPointer<UInt8>
    /// In place: the parser keeps its own address.
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let isReady: Bool

    /// - Parameters:
    ///   - file: For errors.
    ///   - text: UTF-8.
    init(_ text: [UInt8], file: String) {
        self.file = file
        bytes = .allocate(capacity: max(1, text.count))
        _ = bytes.update(fromContentsOf: text)
        parser = .allocate(capacity: 1)
        isReady = yaml_parser_initialize(parser) == 1
        guard isReady else { return }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, bytes.baseAddress, text.count)
    }

    deinit {
        if isReady { yaml_parser_delete(parser) }
        parser.deallocate()
        bytes.deallocate()
    }

    /// The next event; after the end of the stream, and after an error, there is none to ask for.
    func next() throws(SettingsProblem) -> Event {
        guard isReady else { throw SettingsProblem(file: file, text: "there is no memory left to read it") }
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        return Event(kind: Self.kind(of: event), place: YAMLPlace(event.start_mark))
    }

    private static func kind(of event: yaml_event_t) -> Event.Kind {
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                String(decoding: text, as: UTF8.self), isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                tag: string(scalar.tag), anchor: string(scalar.anchor))
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return .listBegins(tag: string(start.tag), anchor: string(start.anchor))
        case YAML_SEQUENCE_END_EVENT: return .listEnds
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return .mapBegins(tag: string(start.tag), anchor: string(start.anchor))
        case YAML_MAPPING_END_EVENT: return .mapEnds
        case YAML_ALIAS_EVENT: return .alias(string(event.data.alias.anchor) ?? "")
        case YAML_DOCUMENT_START_EVENT: return .documentBegins
        case YAML_STREAM_END_EVENT: return .streamEnds
        default: return .other
        }
    }

    private static func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        text.map { String(decoding: UnsafeBufferPointer(start: $0, count: Self.length($0)), as: UTF8.self) }
    }

    private static func length(_ text: UnsafePointer<yaml_char_t>) -> Int {
        var length = 0
        while text[length] != 0 { length += 1 }
        return length
    }

    private func problem() -> SettingsProblem {
        let state = parser.pointee
        let text = state.problem.map { String(cString: $0) } ?? "it can't be understood"
        if state.error == YAML_MEMORY_ERROR {
            return SettingsProblem(file: file, text: "there is no memory left to read it")
        }
        if state.error == YAML_READER_ERROR {
            let before = bytes.prefix(min(state.problem_offset, bytes.count))
            let line = 1 + before.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) }
            return SettingsProblem(file: file, line: line, text: "is no YAML: \(text)")
        }
        let place = YAMLPlace(state.problem_mark)
        let context = state.context.map { ", \(String(cString: $0))" } ?? ""
        return SettingsProblem(
            file: file, line: Int(place.line), column: Int(place.column), text: "is no YAML: \(text)\(context)")
    }
}

extension YAMLPlace {
    fileprivate init(_ mark: yaml_mark_t) {
        line = UInt32(clamping: mark.line) &+ 1
        column = UInt32(clamping: mark.column) &+ 1
    }
}
