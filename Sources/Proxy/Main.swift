import Flags

@main struct Main {
    static func main() async { await Launch.run(ProxyCommand.self) }
}
