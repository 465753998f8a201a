# One build configuration for the binary and the tests, so that one build serves both. Each function has a section of its
# own, so that the linker can lay them out in the order of Sources/tutti/order.txt.
# shellcheck shell=bash

SWIFT_FLAGS=(
    -c release -Xswiftc -enable-testing -Xswiftc -Xfrontend -Xswiftc -function-sections -Xswiftc -use-ld=lld
)

build_tutti() { # [more arguments of swift build]
    if [[ -x $ROOT/.build/release/tutti ]]; then say "Building what changed …"
    else say "Building Tutti, the first time about 5 minutes …"
    fi
    swift build --package-path "$ROOT" "${SWIFT_FLAGS[@]}" "$@" >&2
}
