# Is the Swift toolchain there?
# shellcheck shell=bash

require_swift() {
    local remedy="Tutti needs Swift $SWIFT_VERSION or newer: install it from https://swift.org/install and put its usr/bin on the PATH"
    command -v swift >/dev/null || stop "$remedy."
    local text version
    text=$(swift --version 2>&1) || stop "swift is on the PATH but does not start (${text%%$'\n'*}); if a library is missing, install it, else: $remedy."
    [[ $text =~ Swift\ version\ ([0-9]+\.[0-9]+) ]] || stop "swift does not say its version; $remedy."
    version=${BASH_REMATCH[1]}
    [[ $(printf '%s\n' "$SWIFT_VERSION" "$version" | sort -V | head -n 1) == "$SWIFT_VERSION" ]] ||
        stop "Swift $version is too old; $remedy."
}
