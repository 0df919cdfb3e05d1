/// Why a client can't be described so: what is wrong with a label, with a target, or with all of them together.
public enum DeclarationProblem: Error, Hashable, Sendable {
    /// No `=` in it.
    case labelWithoutValue(String)
    case labelName(String)
    case reservedLabelName(String)
    /// Of the label so called: no UTF-8, or with control characters.
    case labelValue(String)
    case labelTwice(String)
    case port(String)
    case path(String, TargetPathProblem)
    /// A port and a path.
    case targetTwice(String)
    /// Of this text: a `%` that two hexadecimal digits don't follow, or something that should have been written as `%` and two digits.
    case coding(String)
    /// Of a name, or of one target.
    case tooManyLabels
    case tooManyTargets
    case tooLarge

    /// A sentence without a full stop; of bounded length and without control characters, whatever it is about.
    public var explanation: String {
        switch self {
        case .labelWithoutValue(let text): "label \(Self.quoted(text)) has no value: name=value"
        case .labelName(let name):
            "label name \(Self.quoted(name)) is none: letters, digits and _, a digit not at its beginning"
        case .reservedLabelName(let name): "label name \(Self.quoted(name)) is reserved, as all that begin with __"
        case .labelValue(let name): "the value of label \(Self.quoted(name)) is no UTF-8, or has control characters"
        case .labelTwice(let name): "label \(Self.quoted(name)) is there twice"
        case .port(let text): "port \(Self.quoted(text)) is none: 1 to 65535"
        case .path(let path, let problem): "path \(Self.quoted(path)) \(problem.explanation)"
        case .targetTwice(let target): "target \(Self.quoted(target)) is there twice"
        case .coding(let text): "\(Self.quoted(text)) is not percent-encoded as it should be"
        case .tooManyLabels: "there are more than \(Declaration.maxLabels) labels"
        case .tooManyTargets: "there are more than \(Declaration.maxTargets) targets"
        case .tooLarge: "labels and targets take more than \(Declaration.maxBytes) bytes"
        }
    }

    private static func quoted(_ text: String) -> String {
        var shown = "\""
        for scalar in text.unicodeScalars {
            guard shown.utf8.count < 40 else { return shown + "…\"" }
            shown.unicodeScalars.append(scalar.isShown ? scalar : "?")
        }
        return shown + "\""
    }
}

/// What is wrong with the path of a target.
public enum TargetPathProblem: Error, Hashable {
    case noSlash
    case fragment
    case encodedSlash
    case coding
    case characters
    case parameterName
    case parameterWithoutValue
    case parameterTwice

    var explanation: String {
        switch self {
        case .noSlash: "does not begin with /"
        case .fragment: "has a #, which is written %23"
        case .encodedSlash: "has a %2F, which Prometheus can't tell from /"
        case .coding: "has a % that two hexadecimal digits don't follow"
        case .characters: "is no UTF-8, or has control characters"
        case .parameterName: "has a parameter whose name is not made of letters, digits and _ alone"
        case .parameterWithoutValue: "has a parameter without a value, which Prometheus would leave out"
        case .parameterTwice: "has a parameter twice"
        }
    }
}

extension Unicode.Scalar {
    /// Neither steers a terminal nor breaks a line nor turns the direction of writing.
    var isShown: Bool {
        if value < 0x7F { return value >= 0x20 }
        return switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
