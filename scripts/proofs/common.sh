# Sourced by the proofs: the same set-up and the same build as `./test`.
# shellcheck shell=bash
set -euo pipefail
# shellcheck source=../setup/all.sh
source "$(dirname "${BASH_SOURCE[0]}")/../setup/all.sh"
export TUTTI_BINARY="${TUTTI_BINARY:-$ROOT/.build/release/tutti}" PYTHONDONTWRITEBYTECODE=1

# PROVE_WITHOUT_BUILD takes what is there, as it is.
set_up_and_build() {
    [[ -z ${PROVE_WITHOUT_BUILD:-} ]] || return 0
    prepare no
    set_up_test_python
    build_tutti
    release_lock
}

# Runs a command with its output on standard error, then prints {"pass", "seconds", more}; gives its exit code.
report() { # MORE COMMAND...
    local more=$1 code=0 start=$SECONDS
    shift
    "$@" >&2 || code=$?
    printf '{%s"pass":%s,"seconds":%d}\n' "$more" "$([[ $code == 0 ]] && echo true || echo false)" $((SECONDS - start))
    return $code
}

# Runs the tests whose name matches, with what has been built, and reports.
report_tests() { # MORE FILTER
    [[ -n ${PROVE_WITHOUT_BUILD:-} ]] || build_tutti --build-tests
    report "$1" swift test --package-path "$ROOT" "${SWIFT_FLAGS[@]}" --skip-build --disable-xctest --filter "$2"
}
