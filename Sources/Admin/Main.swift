import Flags

@main struct Main {
    // Not asynchronous: ncurses belongs to the main thread.
    static func main() { Launch.run(PushproxAdmin.self) }
}
