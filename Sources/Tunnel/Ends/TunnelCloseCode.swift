/// Why a proxy closes a tunnel, where no code of WebSocket's own says it: codes of the private range (RFC 6455 section 7.4.2), after HTTP's statuses.
extension WebSocketCloseCode {
    /// The client may not register under any name that it says; or not any more.
    public static let denied = Self(known: 4403)
    /// Another client took its place.
    public static let superseded = Self(known: 4408)
}
