/// What all programs of this package say of themselves.
public enum Version {
    /// The version, as `--version`, `/metrics`, the record and the User-Agent give it.
    public static let number = "0.1.0"

    /// The line that `--version` prints for a program, in the manner of Prometheus's own.
    public static func line(program: String) -> String { "\(program), version \(number) (swift)" }
}
