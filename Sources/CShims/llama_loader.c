#include "tutti_llama.h"

#include <dlfcn.h>
#include <stdio.h>

const tutti_llama_table *tutti_llama_open(const char *path, char *error, size_t error_size) {
    void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        const char *why = dlerror();
        snprintf(error, error_size, "%s", why ? why : "the library cannot be opened");
        return NULL;
    }
    tutti_llama_function function = (tutti_llama_function)dlsym(object, "tutti_llama");
    const tutti_llama_table *table = function ? function() : NULL;
    if (!table || table->abi != TUTTI_LLAMA_ABI) {
        snprintf(error, error_size, "the library was built for another version of Tutti");
        return NULL;
    }
    return table;
}
