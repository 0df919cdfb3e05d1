import ArgumentParser

struct OutputOptions: ParsableArguments {
    @Option(
        name: .customLong("format"),
        help: ArgumentHelp(
            "table for people; json (an array of objects) and csv (RFC 4180, with a header) for programs: times in UTC as RFC "
                + "3339, durations in seconds, shares from 0 to 1.", valueName: "format"))
    var format = OutputFormat.table
}
