#define _GNU_SOURCE
#include "tutti_platform.h"

#include <pthread.h>

#include <time.h>

static _Thread_local char identity;

uintptr_t tutti_thread_identity(void) { return (uintptr_t)&identity; }

static _Thread_local void *thread_loop;

void *tutti_thread_loop(void) { return thread_loop; }

void tutti_set_thread_loop(void *loop) { thread_loop = loop; }

void tutti_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

uint64_t tutti_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int64_t tutti_wall_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
