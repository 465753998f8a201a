#pragma once
// Included before a file of llama.cpp's that writes what a caller sent to stderr: it writes nothing there.
#include <cstdio>

#undef fprintf
#define fprintf(...) ((void)0)
