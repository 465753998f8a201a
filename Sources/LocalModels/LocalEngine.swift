internal import Base
internal import Synchronization
internal import Transport

/// The engine's door: takes requests from any thread and hands them to the one that computes.
final class LocalEngine: Sendable {
    struct Job: Sendable {
        let id: Int
        let request: LocalRequest
        let seed: UInt32
        let channel: AnswerChannel
    }

    /// What came in since the thread last looked.
    struct Work: Sendable {
        var jobs: [Job] = []
        var closed: [Int] = []
        var drained: [Int] = []
        var isStopping = false
    }

    private struct State {
        var work = Work()
        var answers = 0
        var lastID = 0
        var isStarted = false
        /// Seeds for those who name none.
        var generator: SeededGenerator
    }

    private let configuration: LocalConfiguration
    private let time: any TimeSource
    private let state: Mutex<State>
    private let signal = ThreadSignal()

    init(configuration: LocalConfiguration, generator: SeededGenerator, time: any TimeSource) {
        self.configuration = configuration
        self.time = time
        state = Mutex(State(generator: generator))
    }

    func submit(_ request: LocalRequest) throws(CodedError) -> AnswerChannel {
        let limit = configuration.maxConcurrent + configuration.queueLimit
        let result = state.withLock { state -> Result<(AnswerChannel, Bool), CodedError> in
            if state.work.isStopping { return .failure(CodedError(.shuttingDown, "The server is stopping.")) }
            guard state.answers + request.choices <= limit else {
                return .failure(
                    CodedError(
                        .overloaded, "The local model's queue is full; try again in a moment.",
                        retryAfter: .seconds(2)))
            }
            state.answers += request.choices
            state.lastID += 1
            let id = state.lastID
            let seed = request.seed ?? UInt32(truncatingIfNeeded: state.generator.next())
            let channel = AnswerChannel { [weak self] notice in self?.take(notice, id: id) }
            state.work.jobs.append(Job(id: id, request: request, seed: seed, channel: channel))
            defer { state.isStarted = true }
            return .success((channel, state.isStarted))
        }
        let (channel, isStarted) = try result.get()
        // Many models cut their text up by regular expressions that recurse for every character of an unbroken run.
        if !isStarted { Thread.start(name: "local-model", stackBytes: 256 << 20) { self.run() } }
        signal.raise()
        return channel
    }

    func stop() {
        state.withLock { $0.work.isStopping = true }
        signal.raise()
    }

    private func take(_ notice: AnswerChannel.Notice, id: Int) {
        state.withLock { state in
            switch notice {
            case .closed: state.work.closed.append(id)
            case .drained: state.work.drained.append(id)
            }
        }
        signal.raise()
    }

    private func release(answers: Int) { state.withLock { $0.answers -= answers } }

    /// The thread.
    private func run() {
        ThreadPriority.lower()
        let worker = LocalWorker(configuration: configuration) { [self] in release(answers: $0) }
        while true {
            let work = state.withLock { state -> Work in
                defer { state.work = Work(isStopping: state.work.isStopping) }
                return state.work
            }
            for job in work.jobs { worker.admit(job) }
            for id in work.closed { worker.drop(job: id) }
            for id in work.drained { worker.resume(job: id) }
            if work.isStopping { return worker.failAll(CodedError(.shuttingDown, "The server is stopping.")) }
            if !worker.step(now: time.now()) { signal.wait() }
        }
    }
}
