// `parallel` and `race` without any graph: results in order, a limit, the first error, the first success, and what
// becomes of those that lose.
import Base
import Graph
import Synchronization

struct Refused: Error, CustomStringConvertible {
    let who: String
    var description: String { "\(who) refused" }
}

/// What became of each, shown in alphabetical order: which of them ends first is nobody's business.
final class Notes: Sendable {
    private let lines = Mutex<[String]>([])

    func add(_ line: String) { lines.withLock { $0.append(line) } }
    func show() { for line in lines.withLock({ $0.sorted() }) { print("  \(line)") } }
}

@main
struct Race {
    static func main() async throws { try await compete() }

    /// One that answers, one that refuses, and one that would take an hour.
    static func ask(_ mirror: String, _ notes: Notes) async throws -> String {
        do {
            switch mirror {
            case "far": try await Task.sleep(for: .seconds(3600))
            case "near": throw Refused(who: mirror)
            default: break
            }
        } catch is CancellationError {
            notes.add("\(mirror) was cancelled")
            throw CancellationError()
        } catch {
            notes.add("\(error)")
            throw error
        }
        notes.add("\(mirror) answered")
        return "a page from \(mirror)"
    }

    @concurrent
    static func compete() async throws {
        print("Five pieces of work, two at a time, in their order:")
        let squares = try await parallel(1...5, limit: 2) { number in
            for _ in number..<5 { await Task.yield() }
            return number * number
        }
        print("  \(squares)")

        print("Two of different types:")
        let (count, name) = try await parallel({ 42 }, { "Ada" })
        print("  \(count) and \(name)")

        print("A race is won by the first success; the call returns when the losers have ended:")
        let notes = Notes()
        print("  won: \(try await race(["near", "far", "middle"]) { try await ask($0, notes) })")
        notes.show()

        print("When all fail, the error of the first is thrown:")
        do {
            _ = try await race(["left", "right"]) { mirror -> String in throw Refused(who: mirror) }
        } catch {
            print("  \(error)")
        }

        print("An error in parallel work cancels the rest:")
        let others = Notes()
        do {
            _ = try await parallel(["far", "near"]) { try await ask($0, others) }
        } catch {
            print("  thrown: \(error)")
        }
        others.show()
    }
}
