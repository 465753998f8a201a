// For the thread sanitizer only. A contended `Mutex` is taken and given up in functions of Swift's own library (6.3),
// which the sanitizer doesn't see into: it takes what such a lock protects for unprotected. These two stand in the
// place of the library's and do the same, with atomic operations that it sees.
//
// The word is that of a priority-inheriting futex: 0, or the owner's thread id with the kernel's flag for waiters.
#if defined(__has_feature) && defined(__linux__)
#if __has_feature(thread_sanitizer)

#include <errno.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef _Atomic(uint32_t) word_t;

__attribute__((swiftcall)) void tutti_lock_slow(uint32_t thread, __attribute__((swift_context)) word_t *word)
    __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
__attribute__((swiftcall)) void tutti_unlock_slow(__attribute__((swift_context)) word_t *word)
    __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

__attribute__((swiftcall)) void tutti_lock_slow(uint32_t thread, __attribute__((swift_context)) word_t *word) {
    uint32_t free = 0;
    if (atomic_compare_exchange_strong_explicit(word, &free, thread, memory_order_acquire, memory_order_relaxed)) return;
    while (syscall(SYS_futex, word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) != 0) {
        if (errno != EINTR && errno != EAGAIN) abort();
    }
    // The kernel has written the word: what its last owner has done is seen from here.
    atomic_load_explicit(word, memory_order_acquire);
}

__attribute__((swiftcall)) void tutti_unlock_slow(__attribute__((swift_context)) word_t *word) {
    atomic_fetch_or_explicit(word, 0, memory_order_release);
    while (syscall(SYS_futex, word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0) != 0) {
        if (errno != EINTR && errno != EAGAIN) abort();
    }
}

#endif
#endif
