// Takes the place of the allocator and hands on to mimalloc, which the server is linked with. An executable's own
// functions come before those of the libraries, so that Swift's runtime is counted too.
#include "CAllocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

extern void *mi_malloc(size_t);
extern void *mi_calloc(size_t, size_t);
extern void *mi_realloc(void *, size_t);
extern void *mi_memalign(size_t, size_t);
extern void mi_free(void *);

static atomic_long count;

static void note(void) { atomic_fetch_add_explicit(&count, 1, memory_order_relaxed); }

long bench_allocation_count(void) { return atomic_load_explicit(&count, memory_order_relaxed); }

void *malloc(size_t size) {
    note();
    return mi_malloc(size);
}

void *calloc(size_t items, size_t size) {
    note();
    return mi_calloc(items, size);
}

void *realloc(void *block, size_t size) {
    note();
    return mi_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
    note();
    return mi_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
    void *new = memalign(alignment, size);
    if (!new) return ENOMEM;
    *block = new;
    return 0;
}

void free(void *block) { mi_free(block); }
