import NIOCore

extension ByteBuffer {
    /// The value of the first line that begins with `Id:`, wherever it stands: the scrape that a malformed message belongs to, so that
    /// whoever waits for it can be told.
    func salvagedID() -> String? {
        for line in readableBytesView.split(separator: 0x0A) where line.beginsIgnoringCase("Id:") {
            let value = line.dropFirst(3).filter { $0 != 0x0D }.trimmingBlanks()
            return String(decoding: value, as: UTF8.self)
        }
        return nil
    }
}
