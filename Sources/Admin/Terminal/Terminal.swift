/// A screen and a keyboard. The program loop sees only this; `NcursesTerminal` is the real one.
protocol Terminal: AnyObject {
    var size: Size { get }
    /// The descriptor that becomes readable when a key has been pressed.
    var inputDescriptor: Int32 { get }

    /// Keys and mouse events that have arrived, without waiting for more.
    func pendingInput() -> [Event]
    func draw(_ frame: Frame)
    /// Takes over a new size of the window.
    func adoptSize()
    /// Forgets what the screen is thought to show, so that the next frame is painted whole.
    func repaint()
    /// Gives the terminal back as it was found.
    func leave()
    /// Takes the terminal again after `leave`.
    func enter()
}
