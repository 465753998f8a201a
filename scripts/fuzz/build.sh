# Builds the fuzzer: the rooms under test with coverage and the address sanitizer, everything else as `./test` built it.
# Sourced by scripts/proofs/fuzz, after ROOT and the build.
# shellcheck shell=bash

FUZZ=$ROOT/.build/fuzz
# What the targets read with. CShims is C and C++.
FUZZ_ROOMS=(HTTP JSON Server)
FUZZ_OTHERS=(Base Telemetry Transport HTTPClient HTTPServer Identity Resilience Models Graph LocalModels Orchestrator)
FUZZ_FLAGS=(
    -swift-version 6 -enable-testing -sanitize=fuzzer,address -O -wmo -parse-as-library
    -I "$ROOT/.build/release/Modules" -I "$ROOT/Sources/CShims/include"
)
for feature in ExistentialAny InternalImportsByDefault MemberImportVisibility NonisolatedNonsendingByDefault \
    InferIsolatedConformances ImmutableWeakCaptures; do
    FUZZ_FLAGS+=(-enable-upcoming-feature "$feature")
done
for map in "$ROOT"/Sources/CLibs/*/module.modulemap; do FUZZ_FLAGS+=(-Xcc "-fmodule-map-file=$map"); done

# Compiles a module to one object unless nothing of it is newer.
fuzz_module() { # NAME FILE...
    local name=$1 object=$FUZZ/$1.o
    shift
    local newer=("$@" "$ROOT/.build/release/Modules")
    if [[ -f $object && -z $(find "${newer[@]}" -newer "$object" -name '*.swift*' -print -quit) ]]; then return 0; fi
    say "Compiling $name for the fuzzer …"
    swiftc "${FUZZ_FLAGS[@]}" -module-name "$name" -emit-object -o "$object" "$@"
}

build_fuzzer() {
    local room file clang
    local -a objects=() files=()
    mkdir -p "$FUZZ"
    clang=$(dirname "$(readlink -f "$(command -v swiftc)")")/clang
    [[ -x $clang ]] || clang=clang
    for room in "${FUZZ_ROOMS[@]}"; do
        mapfile -t files < <(find "$ROOT/Sources/$room" -name '*.swift' | sort)
        fuzz_module "$room" "${files[@]}"
        objects+=("$FUZZ/$room.o")
    done
    mapfile -t files < <(find "$ROOT/Tests/FuzzTests/Targets" "$ROOT/Tests/FuzzTests/Native" -name '*.swift' | sort)
    fuzz_module FuzzTests "${files[@]}"
    objects+=("$FUZZ/FuzzTests.o")
    for file in "$ROOT"/Sources/CShims/*.c "$ROOT"/Sources/CShims/*.cpp; do
        local -a standard=()
        [[ $file == *.cpp ]] && standard=(-std=c++17)
        "$clang" "${standard[@]}" -O2 -g -fsanitize=fuzzer-no-link,address -I "$ROOT/Sources/CShims/include" \
            -c "$file" -o "$FUZZ/$(basename "$file").o"
        objects+=("$FUZZ/$(basename "$file").o")
    done
    # Objects of files that are gone may still lie there.
    for room in "${FUZZ_OTHERS[@]}"; do
        while IFS= read -r file; do objects+=("$ROOT/.build/release/$room.build/$(basename "$file").o"); done \
            < <(find "$ROOT/Sources/$room" -name '*.swift')
    done
    swiftc -sanitize=fuzzer,address -o "$FUZZ/fuzz" "${objects[@]}" \
        -lsimdjson -lre2 -luv -lcurl -lyaml -lssl -lcrypto -lz -ldl -lstdc++ \
        2>&1 | { grep -v 'Cannot export local symbol' || true; }
    [[ -x $FUZZ/fuzz ]]
}
