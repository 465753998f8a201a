internal import Server

@main
struct Main {
    static func main() async { await TuttiCommand.main() }
}
