internal import Base
internal import Resilience
internal import Synchronization

/// A request on its way through the gateway, and what holds for it. One object for all attempts: it is a kilobyte,
/// which each step on the way would copy.
final class Question: Sendable {
    let shared: Shared<ChatRequest>
    let route: Route
    let settings: ResilienceSettings
    /// In the order in which they are asked.
    let targets: [Target]
    /// The call that was counted with the choice of the first one; `nil` where nothing was chosen.
    let chosen: ChosenCall?
    let streaming: Bool
    let context: RunContext
    /// How many tokens the prompt has at the very least; 0 where nobody else could take it.
    let leastTokens: Int

    init(
        _ request: Shared<ChatRequest>, route: Route, settings: ResilienceSettings, targets: [Target],
        chosen: ChosenCall?,
        streaming: Bool, context: RunContext
    ) {
        shared = request
        self.route = route
        self.settings = settings
        self.targets = targets
        self.chosen = chosen
        self.streaming = streaming
        self.context = context
        leastTokens = targets.count > 1 ? request.value.leastTokens : 0
    }

    var request: ChatRequest { shared.value }

    /// The same for a request that goes on with what has been shown: nothing of that is held back.
    func continued(by request: ChatRequest) -> Question {
        var settings = settings
        settings.hold = .tokens(0)
        return Question(
            Shared(request), route: route, settings: settings, targets: targets, chosen: chosen, streaming: streaming,
            context: context)
    }
}

/// Which model answers, for as long as the answer runs.
final class AnsweringTarget: Sendable {
    struct Course: Sendable {
        var target: Target
        /// Who has answered before, and has broken off.
        var broken: [(target: Target, part: BrokenPart)] = []
    }

    private let current: Mutex<Course>
    /// Who was asked in vain at the same time.
    let lost: Target?

    init(_ target: Target, lost: Target? = nil) {
        current = Mutex(Course(target: target))
        self.lost = lost
    }

    var target: Target { current.withLock(\.target) }
    var course: Course { current.withLock { $0 } }

    func change(to target: Target, after part: BrokenPart) {
        current.withLock { course in
            course.broken.append((course.target, part))
            course.target = target
        }
    }
}

extension ChatRequest {
    private static let fingerprinted = 4096
    /// Bytes of text. Four are usual: who is taken for too long by this is so beyond doubt.
    private static let mostBytesOfAToken = 16

    fileprivate var leastTokens: Int {
        messages.reduce(0) { $0 + $1.content.textBytes } / Self.mostBytesOfAToken
    }

    /// What stands for the conversation: its beginning up to the first of the user's messages, which stays the same from
    /// turn to turn. Of long ones the first 4,096 bytes of each message.
    var conversationFingerprint: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for message in messages {
            for byte in message.text.utf8.prefix(Self.fingerprinted) {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
            if message.role == .user { break }
        }
        return hash
    }
}

extension ChatMessage.Content {
    fileprivate var textBytes: Int {
        switch self {
        case .none: 0
        case .text(let text): text.utf8.count
        case .parts(let parts): parts.reduce(0) { if case .text(let text) = $1 { $0 + text.utf8.count } else { $0 } }
        }
    }
}
