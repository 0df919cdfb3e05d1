import Glibc

/// A chart of lines as an SVG file that needs nothing but itself.
struct LineChart {
    struct Series: Equatable {
        var name: String
        /// By rising x; both finite. On a logarithmic axis, y over 0.
        var points: [(x: Double, y: Double)]
        var isDashed = false

        static func == (left: Series, right: Series) -> Bool {
            left.name == right.name && left.isDashed == right.isDashed
                && left.points.elementsEqual(right.points, by: ==)
        }
    }

    var title: String
    var xTitle: String
    var yTitle: String
    var series: [Series]
    var isLogarithmic = false
    var showsPoints = true

    private static let width = 760.0
    private static let height = 440.0
    private static let left = 74.0
    private static let right = 20.0
    private static let top = 48.0
    private static let bottom = 56.0
    private static let colours = ["#1f6fb4", "#d1495b", "#3a7d44", "#8e5ea2", "#b8860b", "#444444"]

    func svg() -> String {
        let points = series.flatMap(\.points)
        let xMost = Self.ceiling(points.map(\.x).max() ?? 1)
        let yLeast = isLogarithmic ? Self.decade(points.map(\.y).min() ?? 0.1, up: false) : 0
        let yMost =
            isLogarithmic
            ? max(Self.decade(points.map(\.y).max() ?? 1, up: true), yLeast * 10)
            : Self.ceiling(points.map(\.y).max() ?? 1)
        func x(_ value: Double) -> Double { Self.left + value / xMost * (Self.width - Self.left - Self.right) }
        func y(_ value: Double) -> Double {
            let share = isLogarithmic ? log10(value / yLeast) / log10(yMost / yLeast) : value / yMost
            return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
        }
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" font-family=\"sans-serif\" font-size=\"12\">",
            "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
            text(Self.left, 22, title, size: 15),
            text((Self.left + Self.width - Self.right) / 2, Self.height - 12, xTitle, anchor: "middle"),
            "<text transform=\"translate(16 \(Int(Self.height / 2))) rotate(-90)\" text-anchor=\"middle\">\(Self.escaped(yTitle))</text>",
        ]
        for step in 0...5 {
            let value = xMost * Double(step) / 5
            lines.append(line(x(value), Self.top, x(value), Self.height - Self.bottom))
            lines.append(text(x(value), Self.height - Self.bottom + 18, Fixed.short(value), anchor: "middle"))
        }
        for value in yMarks(yLeast, yMost) {
            lines.append(line(Self.left, y(value), Self.width - Self.right, y(value)))
            lines.append(text(Self.left - 6, y(value) + 4, Fixed.short(value), anchor: "end"))
        }
        for (index, series) in series.enumerated() {
            lines += drawn(series, colour: Self.colours[index % Self.colours.count], index: index, x: x, y: y)
        }
        return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
    }

    private func yMarks(_ least: Double, _ most: Double) -> [Double] {
        guard isLogarithmic else { return (0...5).map { most * Double($0) / 5 } }
        var marks = [least]
        while let last = marks.last, last < most * 0.99, marks.count < 20 { marks.append(last * 10) }
        return marks
    }

    private func drawn(
        _ series: Series, colour: String, index: Int, x: (Double) -> Double, y: (Double) -> Double
    ) -> [String] {
        let path = series.points.map { "\(Fixed.text(x($0.x), 1)),\(Fixed.text(y($0.y), 1))" }.joined(separator: " ")
        let dash = series.isDashed ? " stroke-dasharray=\"5 4\"" : ""
        let row = Self.top + 8 + Double(index) * 16
        var lines = ["<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"\(dash)/>"]
        lines += (showsPoints ? series.points : []).map {
            "<circle cx=\"\(Fixed.text(x($0.x), 1))\" cy=\"\(Fixed.text(y($0.y), 1))\" r=\"3\" fill=\"\(colour)\"/>"
        }
        lines.append(
            "<line x1=\"\(Int(Self.left + 10))\" y1=\"\(Int(row))\" x2=\"\(Int(Self.left + 34))\" y2=\"\(Int(row))\" stroke=\"\(colour)\" stroke-width=\"2\"\(dash)/>"
        )
        lines.append(text(Self.left + 40, row + 4, series.name))
        return lines
    }

    private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        "<line x1=\"\(Fixed.text(x1, 1))\" y1=\"\(Fixed.text(y1, 1))\" x2=\"\(Fixed.text(x2, 1))\" y2=\"\(Fixed.text(y2, 1))\" stroke=\"#dddddd\"/>"
    }

    private func text(_ x: Double, _ y: Double, _ text: String, anchor: String = "start", size: Int = 12) -> String {
        "<text x=\"\(Fixed.text(x, 1))\" y=\"\(Fixed.text(y, 1))\" text-anchor=\"\(anchor)\" font-size=\"\(size)\">\(Self.escaped(text))</text>"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }

    /// The next of 1, 2, 2.5, 5, 10 times a power of ten.
    static func ceiling(_ value: Double) -> Double {
        guard value.isFinite, value > 0 else { return 1 }
        let power = decade(value, up: false)
        return [1, 2, 2.5, 5, 10].map { $0 * power }.first { $0 >= value * 0.999_999 } ?? value
    }

    private static func decade(_ value: Double, up: Bool) -> Double {
        guard value.isFinite, value > 0 else { return up ? 1 : 0.1 }
        var power = 1.0
        while power > value { power /= 10 }
        while power * 10 <= value { power *= 10 }
        return up && power < value ? power * 10 : power
    }

}
