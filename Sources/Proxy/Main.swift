import Flags
import Web

@main struct Main {
    static func main() async {
        FreedMemory.keepSome()
        Hangups.ignore()
        await Launch.run(ProxyCommand.self)
    }
}
