# What every topic of the set-up shares: messages, exits, hashes, and the layout of the cache folder.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
SETUP=$ROOT/scripts/setup

# The binary looks for the library and the model under the same fixed names (Sources/LocalModels/LocalConfiguration.swift).
if [[ -n ${TUTTI_CACHE_DIR:-} ]]; then CACHE=$TUTTI_CACHE_DIR
elif [[ -n ${XDG_CACHE_HOME:-} ]]; then CACHE=$XDG_CACHE_HOME/tutti
else CACHE=${HOME:?neither TUTTI_CACHE_DIR, XDG_CACHE_HOME nor HOME is set}/.cache/tutti
fi
[[ $CACHE == /* ]] || CACHE=$PWD/$CACHE
DOWNLOADS=$CACHE/downloads
MODELS=$CACHE/models
LIBRARY=$CACHE/lib/libtutti-llama.so
PYTHON_HOME=$CACHE/python
SCRATCH=$CACHE/scratch   # everything half done; emptied at each start

# shellcheck source=pins.sh
source "$SETUP/pins.sh"

say() { printf 'tutti: %s\n' "$*" >&2; }

# One sentence and the exit code for "you have to do something first".
stop() { say "$*"; exit 2; }

has_sha256() { # FILE SHA256
    [[ -f $1 ]] && [[ $(sha256sum -- "$1" | cut -d ' ' -f 1) == "$2" ]]
}

# One set-up at a time in one cache folder; the lock goes with the process.
take_lock() {
    mkdir -p "$CACHE" 2>/dev/null && [[ -w $CACHE ]] || stop "The cache folder $CACHE cannot be written; set TUTTI_CACHE_DIR to one that can."
    exec {LOCK}>"$CACHE/setup.lock"
    if ! flock -n "$LOCK"; then
        say "Another set-up is at work in $CACHE; waiting for it."
        flock "$LOCK"
    fi
    rm -rf "$SCRATCH"
    mkdir -p "$SCRATCH" "$DOWNLOADS" "$MODELS" "$CACHE/lib"
}

release_lock() {
    rm -rf "$SCRATCH"
    exec {LOCK}>&-
}
