#!/usr/bin/env bash
# Builds the wrapper around llama.cpp: build.sh LLAMA-SOURCE BUILD-FOLDER LEVEL VERSION. Only the targets it needs.
set -euo pipefail
source_folder=$1 build_folder=$2 level=$3 version=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$build_folder"
log=$build_folder/build.log

# The Swift toolchain's own compiler: it is always there, and the faster one for this code.
compilers=()
command -v clang++ >/dev/null && compilers=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++)

cmake -S "$here" -B "$build_folder" -G Ninja -DCMAKE_BUILD_TYPE=Release "${compilers[@]}" \
    -DLLAMA_SOURCE="$source_folder" -DTUTTI_HEADERS="$here/../../Sources/CShims/include" \
    -DTUTTI_LLAMA_LEVEL="$level" -DTUTTI_LLAMA_VERSION="$version" >"$log" 2>&1 || { tail -n 20 "$log" >&2; exit 1; }

# A line of progress every tenth of the way.
progress() {
    local line last=0
    while IFS= read -r line; do
        printf '%s\n' "$line" >>"$log"
        [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] || continue
        local tenth=$((BASH_REMATCH[1] * 10 / BASH_REMATCH[2]))
        if ((tenth > last)); then
            last=$tenth
            printf 'tutti: llama.cpp %s0 %%\n' "$tenth" >&2
        fi
    done
}

NINJA_STATUS='[%f/%t] ' ninja -C "$build_folder" tutti-llama 2>&1 | progress || {
    grep -v '^\[' "$log" | tail -n 20 >&2
    exit 1
}
