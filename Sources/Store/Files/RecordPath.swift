/// Where the record is when nobody says otherwise: the proxy that writes it and the programs that read it agree on this.
public enum RecordPath {
    /// In the working directory.
    public static let standard = "data/pushprox.db"
}
