/// Which end of a WebSocket connection (RFC 6455) this is.
public enum WebSocketRole: Sendable {
    /// Masks every frame that it sends, and takes none that is masked.
    case client
    /// Masks nothing, and takes only what is masked.
    case server
}
