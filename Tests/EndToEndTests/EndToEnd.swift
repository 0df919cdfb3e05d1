import Testing

/// Whole programs as they were built, from their command line to their exit status.
///
/// One after the other: several of them watch a real Prometheus that scrapes every second.
@Suite(.serialized) enum EndToEnd {}
