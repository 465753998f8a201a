/// The help of every level: examples first.
enum HelpText {
    static func text(_ topic: HelpTopic) -> String {
        switch topic {
        case .tutti: tutti
        case .serve: serve
        case .chat: chat
        case .config: config
        case .models: models
        case .keys: keys
        case .doctor: doctor
        case .bulk: bulk
        case .stats: stats
        case .version: version
        }
    }

    private static let tutti = """
        Tutti: an AI orchestration server.

        Examples
          tutti serve                          start the server on 127.0.0.1:8080
          tutti chat "Why is the sky blue?"    ask one question
          tutti config show                    what is in force, and where it comes from

        Commands
          serve      start the server
          chat       talk to a model
          bulk       answer every line of a file
          stats      show how a running server has done
          config     check or show the configuration
          models     list the models, what they can do and cost
          keys       make keys for callers
          doctor     look for what is not well, and say what to do
          version    print the version

        Options
          --json     print data as JSON
          --help     help for a command: tutti serve --help

        Keys come from the environment: GROQ_API_KEY, OPENAI_API_KEY. Without one the local model answers.
        Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.

        """

    private static let serve = """
        Examples
          tutti serve
          tutti serve --config tutti.yaml --listen 127.0.0.1:9000
          GROQ_API_KEY=… tutti serve

        Usage: tutti serve [options]
          Starts the server; SIGTERM or Ctrl-C lets running answers end and stops it, SIGHUP loads the configuration
          again.

        Options
          --config FILE         read FILE instead of ./tutti.yaml
          --listen HOST:PORT    the address to listen on (127.0.0.1:8080)
          --data DIR            the folder for what must last (./data)
          --log-level LEVEL     trace, debug, info, warning or error (info)
          --allow-chaos         let the section chaos put faults into calls
          --help                this help

        """

    private static let chat = """
        Examples
          tutti chat "Why is the sky blue?"
          tutti chat --model gpt-4o-mini "Name three rivers"
          tutti chat                             a conversation, line by line

        Usage: tutti chat ["message"] [options]
          Talks to the server at TUTTI_URL, or at the default address; with no server there, starts one for itself.
          Where the server asks for a key, it takes that of TUTTI_API_KEY. Ctrl-C ends the answer that is coming.

        Options
          --model NAME      the model that answers (auto), or plan/NAME
          --persona NAME    the persona that answers
          --timing          tell after each answer how long its phases took
          --json            print the events of each answer, one line of JSON each
          --help            this help

        """

    private static let config = """
        Examples
          tutti config check                       every error with line and column, certificate and pepper too
          tutti config show --effective            every value with its source, secrets masked
          tutti config check --config other.yaml --json

        Usage: tutti config check|show [options]
          Reads the configuration as tutti serve would, and starts nothing.

        Options
          --config FILE         read FILE instead of ./tutti.yaml
          --listen HOST:PORT    as for tutti serve
          --data DIR            as for tutti serve
          --log-level LEVEL     as for tutti serve
          --allow-chaos         as for tutti serve
          --effective           for show: what is in force, which it prints in any case
          --json                print JSON
          --help                this help

        """

    private static let models = """
        Examples
          tutti models                             every name that a client may use
          tutti models --json                      the same as GET /v1/models
          tutti models --config other.yaml

        Usage: tutti models [options]
          Lists the configured models with their window and longest answer in tokens, prices in dollars a million tokens,
          and what they can do. "–" is what is not known; rows of `catalogue` in the configuration can say it.

        Options
          --config FILE         read FILE instead of ./tutti.yaml
          --listen HOST:PORT    as for tutti serve
          --data DIR            as for tutti serve
          --log-level LEVEL     as for tutti serve
          --json                print JSON
          --help                this help

        """

    private static let keys = """
        Examples
          tutti keys new                           a new key; its hash is shown beside it
          tutti keys hash                          the hash of the key on standard input, for auth.keys
          tutti keys new --json                    both as JSON

        Usage: tutti keys new|hash [options]
          Makes a key for a caller of the server, or says how one is written in the configuration: as a hash, from which
          nobody finds the key. The hash depends on the pepper: auth.pepper, or the file pepper in the data folder,
          which is made when it is not there. Take the same one along to wherever the server runs.

        Options
          --config FILE    read FILE instead of ./tutti.yaml
          --data DIR       the folder for what must last (./data)
          --json           print JSON
          --help           this help

        """

    private static let version = """
        Examples
          tutti version
          tutti version --json

        Usage: tutti version [options]

        Options
          --json     print JSON
          --help     this help

        """
}
