// llama.cpp's grammar maker, without its warnings on stderr: they would quote the caller's schema there.
#include "json-schema-to-grammar.h"

#include "common.h"
#include "trie.h"
#include "unicode.h"

#include "silence.h"

#include "json-schema-to-grammar.cpp"
