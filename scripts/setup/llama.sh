# llama.cpp in its wrapper, built once. Built anew when a pin, the wrapper or the machine's instruction set changes.
# shellcheck shell=bash

# The instruction set to build for: what every x86-64 server since 2013 has, or the least common. No wider ones: they
# gain little here, and fewer kinds of arithmetic differ between machines.
processor_level() {
    local flags
    flags=" $(grep -m 1 '^flags' /proc/cpuinfo 2>/dev/null || true) "
    has() { local flag; for flag in "$@"; do [[ $flags == *" $flag "* ]] || return 1; done; }
    if has avx2 fma f16c bmi2; then echo avx2; else echo baseline; fi
}

# Everything that the library depends on, as one line.
library_stamp() {
    local sources
    sources=$(cat "$ROOT"/scripts/llama/* "$ROOT/Sources/CShims/include/tutti_llama.h" | sha256sum | cut -d ' ' -f 1)
    echo "llama.cpp $LLAMA_DOWNLOAD_SHA256 wrapper $sources level $(processor_level)"
}

# The stamp's second line is the library's own hash: a damaged one is built again.
library_is_there() {
    [[ -f $LIBRARY && -f $LIBRARY.stamp ]] || return 1
    local stamp hash
    { read -r stamp && read -r hash; } <"$LIBRARY.stamp" || return 1
    [[ $stamp == "$(library_stamp)" ]] && has_sha256 "$LIBRARY" "$hash"
}

set_up_llama() {
    library_is_there && return 0
    fetch_pinned "$LLAMA_PACKAGE" "$LLAMA_VERSION" "$LLAMA_DOWNLOAD" "$LLAMA_DOWNLOAD_SHA256" "77 MB" || return
    local stamp
    stamp=$(library_stamp)
    say "Building llama.cpp ($(processor_level)), once: about $((7 / $(nproc) + 1)) minutes on this machine's $(nproc) cores …"
    tar -xzf "$DOWNLOADS/$LLAMA_DOWNLOAD" -C "$SCRATCH" --wildcards "$LLAMA_SOURCE/*" || return 4
    "$ROOT/scripts/llama/build.sh" "$SCRATCH/$LLAMA_SOURCE" "$SCRATCH/llama-build" "$(processor_level)" "$LLAMA_VERSION" \
        || { say "llama.cpp did not build; its last words are above."; return 4; }
    rm -f "$LIBRARY.stamp"
    mv -f "$SCRATCH/llama-build/libtutti-llama.so" "$LIBRARY" || return 4
    printf '%s\n%s\n' "$stamp" "$(sha256sum "$LIBRARY" | cut -d ' ' -f 1)" >"$SCRATCH/stamp"
    mv -f "$SCRATCH/stamp" "$LIBRARY.stamp"
}
