import NIOCore
import Wire

/// Where scrapes come from: a tunnel, or polls. What a source receives it hands to the `ScrapeDispatcher`.
///
/// Confined to the client's event loop.
protocol ScrapeSource: AnyObject {
    /// Asks for scrapes from now on.
    func start()
    /// Asks for none any more, for good. Those that were handed over go on.
    func stop()
    /// Every scrape is done: what carried them ends.
    func close()
    /// Another scrape may begin after none could.
    func roomArose()
    /// What the client shows to the proxy, or whom it trusts, is another now.
    func accessChanged()
    /// What the client's names are, or what it declares under them, is another now.
    func offerChanged()
}

/// A scrape as its source hands it over.
struct ReceivedScrape {
    let request: PolledRequest
    /// Of the whole scrape, the response's way to the proxy included; `nil` where the proxy gave no usable one.
    let deadline: NIODeadline?
    let sink: any ResponseSink
}
