internal import Base
internal import Synchronization

/// A run's view of the cache, which knows how long its look-ups took together.
final class TimedExpertCache: ExpertCache {
    private let cache: any ExpertCache
    private let time: any TimeSource
    private let sum = Mutex(Duration.zero)

    init(_ cache: any ExpertCache, time: any TimeSource) {
        self.cache = cache
        self.time = time
    }

    var lookups: Duration { sum.withLock(\.self) }

    func answer(for key: ExpertCacheKey, scope: Scope) async -> KeptAnswer? {
        let start = time.now()
        let answer = await cache.answer(for: key, scope: scope)
        let duration = time.now().since(start)
        sum.withLock { $0 += duration }
        return answer
    }

    func keep(_ answer: KeptAnswer, for key: ExpertCacheKey, scope: Scope) async {
        await cache.keep(answer, for: key, scope: scope)
    }
}
