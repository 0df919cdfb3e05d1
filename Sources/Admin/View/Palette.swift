/// Turns meaning into looks. Pure, so that every terminal's looks can be tested without one.
struct Palette: Equatable, Sendable {
    let depth: ColorDepth

    func appearance(_ style: Style) -> Appearance {
        var look =
            switch depth {
            case .none: Self.monochrome(style.role)
            case .basic: Self.basic(style.role)
            case .rich: Self.rich(style.role)
            }
        if style.selected {
            // One look for the whole line: colours of single cells would be unreadable on some backgrounds.
            look = Appearance(bold: look.bold, underlined: look.underlined, reversed: true)
        }
        return look
    }

    private static func monochrome(_ role: Role) -> Appearance {
        switch role {
        case .plain, .good, .busy, .graph, .chrome: Appearance()
        case .faint: Appearance(dim: true)
        case .title, .key, .warning: Appearance(bold: true)
        case .heading: Appearance(underlined: true)
        case .sorted: Appearance(bold: true, underlined: true)
        case .bad: Appearance(bold: true, underlined: true)
        case .banner: Appearance(bold: true, reversed: true)
        case .tab: Appearance(reversed: true)
        case .input: Appearance(underlined: true)
        }
    }

    private static func basic(_ role: Role) -> Appearance {
        switch role {
        case .plain, .chrome: Appearance()
        case .faint: Appearance(dim: true)
        case .title: Appearance(bold: true)
        case .heading: Appearance(foreground: 6, underlined: true)
        case .sorted: Appearance(foreground: 6, bold: true, underlined: true)
        case .good: Appearance(foreground: 2)
        case .busy: Appearance(foreground: 6)
        case .warning: Appearance(foreground: 3)
        case .bad: Appearance(foreground: 1, bold: true)
        case .banner: Appearance(foreground: 7, background: 1, bold: true)
        case .key: Appearance(foreground: 3, bold: true)
        case .tab: Appearance(reversed: true)
        case .input: Appearance(foreground: 3, underlined: true)
        case .graph: Appearance(foreground: 6)
        }
    }

    private static func rich(_ role: Role) -> Appearance {
        switch role {
        case .plain: Appearance()
        case .chrome: Appearance(foreground: 250)
        case .faint: Appearance(foreground: 244)
        case .title: Appearance(bold: true)
        case .heading: Appearance(foreground: 110, underlined: true)
        case .sorted: Appearance(foreground: 117, bold: true, underlined: true)
        case .good: Appearance(foreground: 71)
        case .busy: Appearance(foreground: 80)
        case .warning: Appearance(foreground: 214)
        case .bad: Appearance(foreground: 203, bold: true)
        case .banner: Appearance(foreground: 231, background: 160, bold: true)
        case .key: Appearance(foreground: 179, bold: true)
        case .tab: Appearance(foreground: 231, background: 25, bold: true)
        case .input: Appearance(foreground: 214, underlined: true)
        case .graph: Appearance(foreground: 74)
        }
    }
}
