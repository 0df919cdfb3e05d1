/// How many bytes of a text the record keeps, whatever it is given: no peer can make a row grow.
enum Limit {
    static let fqdn = 253
    static let failureText = 500
    static let target = 300
    static let scrapeID = 64
    static let instance = 64
    static let agent = 200
    static let address = 64
    static let version = 64
    static let proxyAddress = 300
    static let kind = 64
}
