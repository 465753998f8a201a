// What tests measure their own process with. Linked into the test binary alone.
#ifndef TUTTI_INSTRUMENTS_H
#define TUTTI_INSTRUMENTS_H

// How many blocks were allocated since the start, by all threads; -1 where a sanitizer has the allocator.
long tutti_allocation_count(void);

#endif
