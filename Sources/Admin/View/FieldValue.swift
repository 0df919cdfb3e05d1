import Clients
import Store

/// A value as scripts get it.
enum FieldValue: Equatable, Sendable {
    case text(String)
    case integer(Int64)
    case number(Double)
    case time(UnixMilliseconds)
    case boolean(Bool)
    case labels([Label])
    case targets([DeclaredTarget])
    case missing

    init(_ value: Int) { self = .integer(Int64(value)) }
    init(_ value: Int?) { self = value.map { .integer(Int64($0)) } ?? .missing }
    init(_ value: Int64?) { self = value.map { .integer($0) } ?? .missing }
    init(_ value: String?) { self = value.map { .text($0) } ?? .missing }
    init(time: UnixMilliseconds?) { self = time.map { .time($0) } ?? .missing }
    /// A duration in microseconds, as seconds.
    init(microseconds: Int64?) { self = microseconds.map { .number(Double($0) / 1e6) } ?? .missing }
}
