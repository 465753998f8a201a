import Base
import Synchronization
import Testing

@testable import LocalModels

@Suite("The way to an answer's reader") struct ChannelTests {
    private func piece(_ text: String) -> AnswerChannel.Item { .event(.init(choice: 0, .piece(text, tokens: []))) }

    @Test("a reader that falls behind pauses its conversation, and its catching up is told once")
    func backPressure() async throws {
        let drained = Mutex(0)
        let channel = AnswerChannel { notice in
            if case .drained = notice { drained.withLock { $0 += 1 } }
        }
        for index in 1...AnswerChannel.capacity {
            #expect(channel.push(piece("\(index)")) == (index < AnswerChannel.capacity))
        }
        for index in 1...AnswerChannel.capacity { #expect(try await channel.next() == piece("\(index)")) }
        #expect(drained.withLock { $0 } == 1)
    }

    @Test("a pause is ended by the reader alone, so that its end is told")
    func pushedWhilePaused() async throws {
        let drained = Mutex(0)
        let channel = AnswerChannel { notice in
            if case .drained = notice { drained.withLock { $0 += 1 } }
        }
        for _ in 1...AnswerChannel.capacity { _ = channel.push(piece("first")) }
        for _ in 1...5 { _ = try await channel.next() }
        #expect(!channel.push(piece("of the same pass")), "paused until the reader has caught up")
        for _ in 1...AnswerChannel.capacity - 4 { _ = try await channel.next() }
        #expect(drained.withLock { $0 } == 1)
    }

    @Test("what was written before an error is read before it")
    func errorAfterItems() async throws {
        let channel = AnswerChannel { _ in }
        _ = channel.push(piece("a"))
        channel.finish(CodedError(.internalError, "no"))
        #expect(try await channel.next() == piece("a"))
        await #expect(throws: CodedError(.internalError, "no")) { try await channel.next() }
    }

    @Test("cancelling the reader's task closes the channel and tells the engine once")
    func cancellation() async {
        let closed = Mutex(0)
        let channel = AnswerChannel { notice in
            if case .closed = notice { closed.withLock { $0 += 1 } }
        }
        let reader = Task { () -> ErrorCode? in
            do { _ = try await channel.next() } catch { return (error as? CodedError)?.code }
            return nil
        }
        reader.cancel()
        #expect(await reader.value == .cancelled)
        channel.close()
        #expect(closed.withLock { $0 } == 1)
        #expect(channel.push(piece("late")), "what comes late is dropped")
    }
}
