import NIOCore
import Web

/// `/clients`: who can be scraped, as `file_sd_configs` and `http_sd_configs` read it.
enum ClientList {
    /// Names are FQDNs or IP literals, so nothing in them needs escaping; IPv6 literals get the brackets that a target has.
    static func response(_ names: [String]) -> Response {
        var body: [UInt8] = []
        body.reserveCapacity(names.reduce(16) { $0 + $1.utf8.count + 32 })
        body.append(UInt8(ascii: "["))
        for (index, name) in names.enumerated() {
            if index > 0 { body.append(UInt8(ascii: ",")) }
            body.append(contentsOf: "{\"targets\":[\"".utf8)
            if name.utf8.contains(UInt8(ascii: ":")) {
                body.append(contentsOf: "[\(name)]".utf8)
            } else {
                body.append(contentsOf: name.utf8)
            }
            body.append(contentsOf: "\"],\"labels\":{}}".utf8)
        }
        body.append(contentsOf: "]\n".utf8)
        return Response(status: 200, contentType: "application/json", body: [ByteBuffer(bytes: body)])
    }
}
