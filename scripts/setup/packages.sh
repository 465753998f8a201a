# Debian packages: names what is missing, then installs it unless told not to.
# shellcheck shell=bash

# Without these there is no binary, or no way to try it. (The first line is what the Swift toolchain asks of Debian, and
# the curl that ./run prints.)
BUILD_PACKAGES=(
    binutils ca-certificates curl g++ git libncurses6 libsqlite3-0 libxml2 tzdata zlib1g-dev
    libcurl4-openssl-dev libmimalloc-dev libre2-dev libsimdjson-dev libssl-dev libuv1-dev libyaml-dev pkg-config
)
# Without these there is no local model; asked for only while it is not yet in the cache.
MODEL_PACKAGES=(cmake ninja-build python3 python3-pip)
# Only the tests use these.
TEST_PACKAGES=(
    haproxy json-schema-test-suite libtest-json-schema-acceptance-perl nginx-light openssl python3 python3-venv
    valgrind wrk
)

missing_packages() { # NAME... prints those that are not installed
    local name
    for name in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
    done
}

# Installs what is missing of the named packages. Answers 1 when something is still missing.
install_packages() { # PURPOSE INSTALL(yes|no) NAME...
    local purpose=$1 install=$2
    shift 2
    command -v dpkg-query >/dev/null || { say "This is not Debian, so the packages for $purpose are not checked: $*."; return 0; }
    local -a missing
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0
    say "Debian packages missing for $purpose: ${missing[*]}"
    local -a root=()
    ((EUID == 0)) || root=(sudo)
    [[ $install == yes ]] || return 1
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        say "Installing them needs root or sudo."
        return 1
    fi
    say "Installing them (a minute or two) …"
    # The lists may be absent or old: one update, then one more try. Nothing here asks a question.
    local -a get=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
    if ! "${get[@]}" install --no-install-recommends -y "${missing[@]}" >"$SCRATCH/apt.log" 2>&1; then
        "${get[@]}" update >>"$SCRATCH/apt.log" 2>&1 &&
            "${get[@]}" install --no-install-recommends -y "${missing[@]}" >>"$SCRATCH/apt.log" 2>&1 || {
            tail -n 5 "$SCRATCH/apt.log" >&2
            return 1
        }
    fi
}

apt_line() { # NAME... the command that a person would type
    local -a missing
    mapfile -t missing < <(missing_packages "$@")
    printf '%sapt-get install --no-install-recommends -y %s' "$( ((EUID == 0)) || printf 'sudo ')" "${missing[*]}"
}
