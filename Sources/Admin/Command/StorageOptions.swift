import ArgumentParser
import Store

/// Which database to read.
struct StorageOptions: ParsableArguments {
    @Option(
        name: .customLong("storage.path"),
        help: ArgumentHelp(
            "The proxy's database; the same flag and default as pushprox-proxy's.", valueName: "file"),
        completion: .file())
    var path = RecordPath.standard

    mutating func validate() throws {
        if path.isEmpty {
            throw ValidationError(
                "--storage.path is empty: a proxy run so keeps no record. Give the path of a database.")
        }
    }
}
