import Flags
import Web

@main struct Main {
    static func main() async {
        Hangups.ignore()
        await Launch.run(ClientCommand.self)
    }
}
