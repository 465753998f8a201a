# Downloads by pip, pinned by version and sha256. A file that is not what the pin says never leaves the scratch folder.
# shellcheck shell=bash

# Runs a command and says every few seconds on descriptor 3 how much a folder holds; gives the command's status.
with_size_shown() { # FOLDER COMMAND...
    local folder=$1 status=0 watcher
    shift
    # It ends by itself when an interrupt has ended this shell.
    while sleep 3 && kill -0 $$ 2>/dev/null; do
        say "  … $(du -sm "$folder" 2>/dev/null | cut -f 1) MB so far" 2>&3
    done &
    watcher=$!
    "$@" || status=$?
    kill "$watcher" 2>/dev/null
    wait "$watcher" 2>/dev/null || true
    return "$status"
}

# Fetches one package file into $DOWNLOADS unless it is there and whole. Answers 1 when no index is in reach and 3 when
# what came was not what was pinned; says which.
fetch_pinned() { # PACKAGE VERSION FILE SHA256 SIZE-FOR-PEOPLE
    local package=$1 version=$2 file=$3 hash=$4 size=$5
    if has_sha256 "$DOWNLOADS/$file" "$hash"; then return 0; fi
    [[ -e $DOWNLOADS/$file ]] && say "The cached $file is damaged; fetching it again."
    rm -f "$DOWNLOADS/$file"
    python3 -m pip --version >/dev/null 2>&1 || { say "pip is missing, so $package cannot be fetched."; return 1; }
    say "Fetching $package $version ($size) …"
    local folder=$SCRATCH/$package
    mkdir -p "$folder"
    printf '%s==%s --hash=sha256:%s\n' "$package" "$version" "$hash" >"$folder/requirements.txt"
    # For a source package pip asks a build backend for metadata: ours, which runs nothing of the package.
    local -a kind=(--only-binary :all:)
    [[ $file == *.tar.gz ]] && kind=(--no-binary "$package" --no-build-isolation)
    if ! TMPDIR=$folder PYTHONPATH=$SETUP/inert-backend TUTTI_LLAMA_CPP_PYTHON_VERSION=$version \
        with_size_shown "$folder" python3 -m pip download \
        --disable-pip-version-check --no-input --quiet --retries 1 --timeout 20 --no-cache-dir \
        --require-hashes --no-deps "${kind[@]}" -d "$folder" -r "$folder/requirements.txt" 3>&2 >"$folder/log" 2>&1; then
        if grep -q 'DO NOT MATCH THE HASHES' "$folder/log"; then
            say "The index offered a $package $version that is not the pinned one; it was thrown away."
            return 3
        fi
        # What is no matter of the network is said in pip's words.
        grep -qiE 'connection|resol|timed out|unreachable|no matching distribution' "$folder/log" ||
            say "pip could not fetch $package: $(tail -n 1 "$folder/log")"
        return 1
    fi
    if ! has_sha256 "$folder/$file" "$hash"; then
        say "The download of $package $version is not the pinned one; it was thrown away."
        return 3
    fi
    mv -f "$folder/$file" "$DOWNLOADS/$file" || return 4
}
