#pragma once
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Identifies the calling thread. Out of line on purpose: `pthread_self()` is declared const and the
/// optimiser hoists it above executor hops.
uintptr_t tutti_thread_identity(void);

/// What the calling thread was last set to be the loop of; NULL for others. Out of line for the same reason.
void *tutti_thread_loop(void);
void tutti_set_thread_loop(void *loop);

/// Names the calling thread, for debuggers and profiles; cut at 15 bytes.
void tutti_name_thread(const char *name);

uint64_t tutti_monotonic_nanoseconds(void);
int64_t tutti_wall_milliseconds(void);

#ifdef __cplusplus
}
#endif
