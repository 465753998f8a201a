# The set-up's topics in one place: `run` and `test` source this file and nothing else.
# shellcheck shell=bash

for topic in common swift packages download model llama local-model swift-build test-python; do
    # shellcheck source=/dev/null
    source "$(dirname "${BASH_SOURCE[0]}")/$topic.sh"
done
unset topic

# Everything before the build, the same for both commands.
prepare() { # INSTALL(yes|no)
    take_lock
    # The packages first: the toolchain itself needs some of them to start.
    command -v swift >/dev/null || require_swift
    install_packages "the build" "$1" "${BUILD_PACKAGES[@]}" || stop "Type this first: $(apt_line "${BUILD_PACKAGES[@]}")"
    require_swift
    set_up_local_model "$1"
}
