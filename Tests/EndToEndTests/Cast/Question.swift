import TestKit

/// One request on a connection of its own.
enum Question {
    static func ask(port: Int, _ request: String) async throws -> RawResponse {
        let connection = try await RawConnection.open(port: port)
        try await connection.send(request)
        let response = try await connection.response()
        await connection.close()
        return response
    }

    static func get(port: Int, _ path: String) async throws -> RawResponse {
        try await ask(port: port, "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n")
    }

    /// The value of one sample, `name{labels}`, of an exposition.
    static func metric(port: Int, _ sample: String) async throws -> Double {
        for line in try await get(port: port, "/metrics").body.split(separator: "\n") where line.hasPrefix(sample + " ")
        {
            return Double(line.dropFirst(sample.count + 1)) ?? .nan
        }
        throw NoSample(sample: sample)
    }

    struct NoSample: Error { let sample: String }
}
