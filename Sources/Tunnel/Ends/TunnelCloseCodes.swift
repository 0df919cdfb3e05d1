/// What a tunnel is closed with besides what every WebSocket connection is.
extension WebSocketCloseCode {
    /// The proxy takes none of the client's names, or none any more.
    public static let namesRefused = Self(known: 4403)
    /// Another client has the same name.
    public static let nameClash = Self(known: 4408)
}
