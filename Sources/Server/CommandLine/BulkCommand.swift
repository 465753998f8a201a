internal import Base
internal import HTTPClient
internal import JSON
internal import Transport

/// `tutti bulk`
public struct BulkOptions: Sendable, Equatable {
    /// JSON Lines; `-` for standard input.
    public var file = "-"
    /// Lines that have their answers already.
    public var after = 0
    /// Turns at once; `nil` leaves it to the server.
    public var parallel: Int?
}

/// `tutti bulk FILE`: answers every line of a file, in order. Where the connection breaks, it goes on after the last
/// answer, as long as that gets further.
enum BulkCommand {
    /// Bytes of a file, and of standard input.
    private static let fileLimit = 1 << 30
    private static let inputLimit = 64 << 20
    /// Times in a row that a connection may break without an answer.
    private static let patience = 3

    /// - Parameter write: Takes the answers; false where nobody takes them any more, which ends the request: what is
    ///   answered then would be paid for and lost.
    static func run(
        _ options: BulkOptions, environment: [String: String],
        write: @Sendable (String) -> Bool = { StandardStreams.write($0, to: .output) }
    ) async -> Int32 {
        guard let bytes = contents(of: options.file) else {
            let limit = (options.file == "-" ? inputLimit : fileLimit) >> 20
            TuttiCommand.tellError("\(options.file) cannot be read, or is over \(limit) MB. Split it.", environment)
            return 2
        }
        let lines = count(bytes)
        guard options.after < lines else { return 0 }
        let group = EventLoopGroup(count: 1)
        let client = HTTPClient(group: group)
        let server = ServerConnection(environment, client: client)
        var progress = BulkProgress(total: lines, done: options.after)
        let code = await answer(bytes, options, server, &progress, environment, write)
        await client.shutdown()
        await group.shutdown()
        return code
    }

    private static func contents(of file: String) -> [UInt8]? {
        guard file != "-" else {
            let bytes = StandardStreams.readInput(limit: inputLimit + 1, isLine: false)
            return bytes.count > inputLimit ? nil : bytes
        }
        var bytes: [UInt8] = []
        let isRead = Machine.read(file) { piece in if bytes.count <= fileLimit { bytes += piece } }
        return isRead && bytes.count <= fileLimit ? bytes : nil
    }

    private static func count(_ bytes: [UInt8]) -> Int {
        var reader = LineReader(limit: BulkRoute.lineLimit)
        reader.feed(bytes)
        reader.end()
        var count = 0
        while reader.next() != nil { count += 1 }
        return count
    }

    private static func answer(
        _ bytes: [UInt8], _ options: BulkOptions, _ server: ServerConnection, _ progress: inout BulkProgress,
        _ environment: [String: String], _ write: @Sendable (String) -> Bool
    ) async -> Int32 {
        var failures = 0
        while !progress.isWhole {
            let before = progress.done
            do throws(CodedError) {
                guard try await ask(bytes, options, server, &progress, write) else {
                    progress.clear()
                    TuttiCommand.tellError("the answers cannot be written any more.", environment)
                    tell(progress)
                    return 1
                }
                // Whole, as the server sees it.
                guard !progress.isWhole else { break }
                progress.clear()
                let count = progress.total - progress.done
                TuttiCommand.tellError("the request was ended before \(count) of its lines were answered.", environment)
                tell(progress)
                return 1
            } catch {
                progress.clear()
                failures = progress.done > before ? 0 : failures + 1
                guard error.code == .providerStreamBroken, failures < patience else {
                    TuttiCommand.tellError(error.message, environment)
                    tell(progress)
                    return 1
                }
            }
        }
        progress.end()
        return progress.failed == 0 ? 0 : 1
    }

    /// How far it came.
    private static func tell(_ progress: BulkProgress) {
        guard progress.done > 0 else { return }
        StandardStreams.write(progress.way, to: .error)
    }

    /// False where an answer could not be written; the request is ended then.
    private static func ask(
        _ bytes: [UInt8], _ options: BulkOptions, _ server: ServerConnection, _ progress: inout BulkProgress,
        _ write: @Sendable (String) -> Bool
    ) async throws(CodedError) -> Bool {
        var path = "/api/orchestrator/bulk?after=\(progress.done)"
        if let parallel = options.parallel { path += "&parallel=\(parallel)" }
        let response = try await server.send(lines: bytes, to: path)
        var reader = LineReader(limit: 64 << 20)
        do throws(HTTPClientError) {
            while let piece = try await response.body.next() {
                reader.feed(piece)
                while let line = reader.next() {
                    guard show(line, &progress, write) else {
                        response.body.cancel()
                        return false
                    }
                }
            }
            return true
        } catch {
            throw CodedError(.providerStreamBroken, "the answers broke off: \(error.message)")
        }
    }

    /// Whether it was written, where there was something to write: a line counts as answered only then.
    private static func show(
        _ line: LineReader.Line, _ progress: inout BulkProgress, _ write: (String) -> Bool
    ) -> Bool {
        guard case .whole(let bytes) = line, let answer = (try? JSONDocument(bytes))?.root else { return true }
        progress.clear()
        guard write(String(decoding: bytes, as: UTF8.self) + "\n") else { return false }
        progress.answered(isError: answer["error"] != nil)
        return true
    }
}

/// How far a file is, as a line that is written over itself; only where a person looks on.
struct BulkProgress {
    let total: Int
    private(set) var done: Int
    private(set) var failed = 0
    private let isShown: Bool

    init(total: Int, done: Int, isShown: Bool = StandardStreams.isTerminal(.error)) {
        self.total = total
        self.done = done
        self.isShown = isShown
    }

    var isWhole: Bool { done >= total }

    /// Of a width of thirty characters, as many are filled as the share that is done.
    var line: String {
        let width = 30
        let filled = total == 0 ? width : min(width, done * width / total)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
        return "\(bar) \(done)/\(total)" + (failed == 0 ? "" : ", \(failed) failed")
    }

    /// How to get those that are missing.
    var way: String { "\(done) of \(total) lines are answered; go on with --after \(done).\n" }

    mutating func answered(isError: Bool) {
        done += 1
        if isError { failed += 1 }
        if isShown { StandardStreams.write(line, to: .error) }
    }

    /// Takes the line away, so that what is written next does not stand in it.
    func clear() { if isShown { StandardStreams.write("\r\u{1b}[K", to: .error) } }

    func end() {
        clear()
        StandardStreams.write("\(done) of \(total) lines answered, \(failed) with an error.\n", to: .error)
    }
}

extension HelpText {
    static let bulk = """
        Examples
          tutti bulk questions.jsonl               answers on standard output
          tutti bulk questions.jsonl --after 120   those that are missing
          tutti bulk - --parallel 2                questions from standard input

        Usage: tutti bulk FILE [options]
          Answers every line of FILE, each a JSON object as POST /api/orchestrator/chat takes it, at the server at
          TUTTI_URL or the default address. Answers are lines of JSON in the order of the questions: index and answer,
          or index and error. Where the connection breaks, it goes on after the last answer. Where the server asks for
          a key, it takes that of TUTTI_API_KEY.

        Options
          --after N         leave out the first N lines, which are answered
          --parallel N      turns at once (8)
          --help            this help

        Exit codes: 0 every line is answered, 1 some failed, were not answered or not written, 2 the file cannot be
        read.

        """
}
