import CNcurses
import Glibc

/// The terminal through ncurses: the one file that knows of it.
///
/// ncurses keeps its state in globals: one instance at a time, used by the main thread only.
final class NcursesTerminal: Terminal {
    struct Unavailable: Error, CustomStringConvertible {
        let description: String
    }

    let inputDescriptor: Int32 = STDIN_FILENO
    let palette: Palette
    private let screen: OpaquePointer
    /// Pairs of colours that ncurses has been told of.
    private var pairs: [[Int]: Int16] = [:]
    private var drawn: Frame?
    private var lastPress: (place: Position, uptime: Int64)?
    private var bytes: [CChar] = []

    /// Milliseconds within which two presses on one cell are a double click.
    private static let doubleClick: Int64 = 400
    /// Milliseconds to wait for the rest of a key's sequence after an Esc: long enough for a slow link, short for a hand.
    private static let escapeDelay: Int32 = 60

    /// Makes C functions follow the user's locale.
    /// - Returns: Whether text outside ASCII may be written.
    static func adoptLocale() -> Bool {
        if setlocale(LC_ALL, "") == nil {
            // A locale that this machine does not have, as ssh often passes on: what it says about the encoding still holds.
            let wanted = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { Environment.value(of: $0) }.first
            if let wanted = wanted?.lowercased(), wanted.hasSuffix("utf-8") || wanted.hasSuffix("utf8") {
                setlocale(LC_CTYPE, "C.UTF-8")
            }
        }
        return nl_langinfo(Int32(CODESET)).map { String(cString: $0) } == "UTF-8"
    }

    /// Takes the terminal on standard input and output. Call `adoptLocale` first.
    init(noColor: String?) throws(Unavailable) {
        var settings = termios()
        tcgetattr(STDIN_FILENO, &settings)
        guard let screen = pushprox_open() else {
            let name = Environment.value(of: "TERM") ?? ""
            throw Unavailable(
                description: name.isEmpty
                    ? "TERM is not set: set it to the terminal's type (xterm-256color fits most), or use "
                        + "'pushprox-admin clients'."
                    : "The terminal type '\(name)' is not known here: set TERM to one that is (xterm-256color fits most), "
                        + "or use 'pushprox-admin clients'.")
        }
        set_term(screen)
        guard pushprox_capability("cup") != nil else {
            endwin()
            delscreen(screen)
            throw Unavailable(
                description:
                    "A terminal of the type '\(Environment.value(of: "TERM") ?? "")' cannot move its cursor, so it can't "
                    + "show a screen: set TERM to what the terminal is (xterm-256color fits most), or use 'pushprox-admin clients'."
            )
        }
        self.screen = screen
        if Environment.value(of: "ESCDELAY") == nil { set_escdelay(Self.escapeDelay) }
        cbreak()
        noecho()
        nonl()
        let window = pushprox_screen()
        intrflush(window, false)
        keypad(window, true)
        nodelay(window, true)
        curs_set(0)
        var colors: Int32 = 0
        if has_colors() {
            start_color()
            use_default_colors()
            colors = pushprox_colors()
        }
        palette = Palette(depth: ColorDepth(colors: Int(colors), noColor: noColor))
        pushprox_watch_mouse()
        // In the order in which they undo: attributes, keypad, cursor, mouse, and last the other screen.
        var restore = ["sgr0", "rmkx", "cnorm"].compactMap { (name: String) in
            pushprox_capability(name).map { Array(String(cString: $0).utf8) }
        }
        if has_mouse() { restore.append(Array("\u{1B}[?1006l\u{1B}[?1000l".utf8)) }
        if let leave = pushprox_capability("rmcup") { restore.append(Array(String(cString: leave).utf8)) }
        CrashGuard.arm(settings: settings, restore: restore.flatMap { $0 })
    }

    deinit {
        CrashGuard.disarm()
        endwin()
        delscreen(screen)
    }

    var size: Size {
        var window = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else {
            return Size(columns: Int(getmaxx(pushprox_screen())), rows: Int(getmaxy(pushprox_screen())))
        }
        // More than any real screen, and little enough to fill in no time.
        return Size(columns: min(Int(window.ws_col), 1000), rows: min(Int(window.ws_row), 500))
    }

    func adoptSize() {
        let size = size
        resizeterm(Int32(size.rows), Int32(size.columns))
        repaint()
    }

    func repaint() {
        drawn = nil
        clearok(pushprox_shown(), true)
    }

    func leave() {
        endwin()
        CrashGuard.disarm()
    }

    func enter() {
        CrashGuard.rearm()
        reset_prog_mode()
        repaint()
    }

    func draw(_ frame: Frame) {
        guard frame != drawn else { return }
        drawn = frame
        let window = pushprox_screen()
        werase(window)
        for row in 0..<frame.size.rows { draw(frame, row: row, on: window) }
        if let cursor = frame.cursor {
            wmove(window, Int32(cursor.row), Int32(cursor.column))
            curs_set(1)
        } else {
            curs_set(0)
        }
        wrefresh(window)
    }

    /// Writes runs of cells of one look. Each run is put at its own column, so that a character whose width ncurses or the
    /// terminal sees otherwise cannot move what comes after it.
    private func draw(_ frame: Frame, row: Int, on window: UnsafeMutablePointer<WINDOW>?) {
        let cells = frame[row: row]
        var index = cells.startIndex
        while index < cells.endIndex {
            let style = cells[index].style
            let start = index
            bytes.removeAll(keepingCapacity: true)
            var isPlain = true
            while index < cells.endIndex, cells[index].style == style, isPlain {
                if let character = cells[index].character {
                    isPlain = character.isASCII
                    bytes.append(contentsOf: character.utf8.lazy.map { CChar(bitPattern: $0) })
                }
                index += 1
            }
            bytes.append(0)
            apply(palette.appearance(style))
            mvwaddnstr(window, Int32(row), Int32(start - cells.startIndex), bytes, Int32(bytes.count - 1))
        }
    }

    private func apply(_ look: Appearance) {
        var pair: Int16 = 0
        if look.foreground != nil || look.background != nil {
            let key = [look.foreground ?? -1, look.background ?? -1]
            if let known = pairs[key] {
                pair = known
            } else {
                pair = Int16(pairs.count + 1)
                init_pair(pair, Int16(key[0]), Int16(key[1]))
                pairs[key] = pair
            }
        }
        pushprox_attributes(
            look.bold ? 1 : 0, look.dim ? 1 : 0, look.underlined ? 1 : 0, look.reversed ? 1 : 0, pair)
    }

    func pendingInput() -> [Event] {
        var events: [Event] = []
        var value = wint_t()
        // A bound, so that a paste of a book leaves room for everything else.
        while events.count < 256 {
            let kind = pushprox_next_key(&value)
            if kind == ERR { break }
            if kind == KEY_CODE_YES {
                if value == wint_t(KEY_MOUSE) {
                    if let mouse = mouseEvent() { events.append(.mouseMoved(mouse)) }
                } else if let key = Self.key(code: Int32(bitPattern: value)) {
                    events.append(.keyPressed(key))
                }
            } else if let key = Self.key(character: value) {
                events.append(.keyPressed(key))
            }
        }
        return events
    }

    private func mouseEvent() -> MouseEvent? {
        var event = MEVENT()
        guard getmouse(&event) == OK else { return nil }
        let place = Position(column: Int(event.x), row: Int(event.y))
        if pushprox_wheel_up(event.bstate) != 0 { return MouseEvent(act: .wheelUp, position: place) }
        if pushprox_wheel_down(event.bstate) != 0 { return MouseEvent(act: .wheelDown, position: place) }
        guard pushprox_pressed(event.bstate) != 0 else { return nil }
        let now = Clock.moment().uptime
        if let last = lastPress, last.place == place, now - last.uptime <= Self.doubleClick {
            lastPress = nil
            return MouseEvent(act: .doubleClick, position: place)
        }
        lastPress = (place, now)
        return MouseEvent(act: .click, position: place)
    }

    private static func key(code: Int32) -> Key? {
        switch code {
        case KEY_UP: .up
        case KEY_DOWN: .down
        case KEY_LEFT: .left
        case KEY_RIGHT: .right
        case KEY_PPAGE: .pageUp
        case KEY_NPAGE: .pageDown
        case KEY_HOME: .home
        case KEY_END: .end
        case KEY_ENTER: .enter
        case KEY_BTAB: .backTab
        case KEY_BACKSPACE: .backspace
        case KEY_DC: .delete
        default:
            (1...12).first { pushprox_function_key(Int32($0)) == code }.map { .function($0) }
        }
    }

    private static func key(character: wint_t) -> Key? {
        switch character {
        case 9: .tab
        case 10, 13: .enter
        case 27: .escape
        case 8, 127: .backspace
        case 1...26: Unicode.Scalar(character + 96).map { .control(Character($0)) }
        case 0..<32: nil
        default: Unicode.Scalar(character).map { .character(Character($0)) }
        }
    }
}
