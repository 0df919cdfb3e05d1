extension StringProtocol {
    /// Without the spaces at both ends.
    func trimmingSpaces() -> String {
        var part = self[...]
        while part.first == " " { part = part.dropFirst() }
        while part.last == " " { part = part.dropLast() }
        return String(part)
    }
}
