#pragma once

/// How often memory has been allocated since the start of the process, by all of its threads.
long bench_allocation_count(void);
