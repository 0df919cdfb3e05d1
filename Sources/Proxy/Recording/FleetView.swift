/// The fleet as it is now, for those who only look.
protocol FleetView: Sendable {
    var gauges: BrokerGauges { get }
    /// Of all registered clients. One that registers meanwhile may be left out, but notes its state itself.
    func clientStates() -> [ClientSnapshot]
    /// Of these names (`FQDN.key`), one for each; `nil` where nothing is going on.
    func clientStates(of keys: [String]) -> [ClientSnapshot?]
}

extension Dispatcher: FleetView {}
