import NIOCore

/// A small page that says what a program is and links to what it serves, in the style of Prometheus's exporters.
public struct LandingPage: Sendable {
    public let name: String
    public let description: String
    public let version: String
    public let links: [(path: String, text: String)]

    public init(name: String, description: String, version: String, links: [(path: String, text: String)]) {
        self.name = name
        self.description = description
        self.version = version
        self.links = links
    }

    /// - Parameter status: Further lines, as plain text.
    public func response(status: [String] = []) -> Response {
        let items = links.map { "<li><a href=\"\($0.path)\">\(Self.escaped($0.text))</a></li>" }.joined(separator: "\n")
        let lines = status.map { "<p>\(Self.escaped($0))</p>" }.joined(separator: "\n")
        let page = """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>\(Self.escaped(name))</title>
            <style>body{font-family:sans-serif;margin:0}header{background:#e6522c;color:#fff;padding:1em}main{padding:1em}</style>
            </head>
            <body>
            <header><h1>\(Self.escaped(name))</h1></header>
            <main>
            <p>\(Self.escaped(description))</p>
            <p>Version: \(Self.escaped(version))</p>
            \(lines)
            <ul>
            \(items)
            </ul>
            </main>
            </body>
            </html>

            """
        return Response(status: 200, contentType: "text/html; charset=utf-8", body: [ByteBuffer(string: page)])
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "&": out += "&amp;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
        return out
    }
}
