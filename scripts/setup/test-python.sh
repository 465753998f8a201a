# A Python environment with the clients that the tests drive the server with.
# shellcheck shell=bash

# Sets TUTTI_TEST_PYTHON when the environment is ready; without it those tests are skipped aloud.
set_up_test_python() {
    local wanted have=""
    command -v python3 >/dev/null || { say "python3 is missing; the tests with Python clients are skipped."; return 0; }
    wanted="$(sha256sum "$SETUP/requirements-test.txt" | cut -d ' ' -f 1) $(python3 --version 2>&1)"
    [[ -f $PYTHON_HOME/stamp ]] && have=$(<"$PYTHON_HOME/stamp")
    if [[ $have != "$wanted" ]] || ! "$PYTHON_HOME/bin/python" -c 'import anthropic, httptools, openai, websockets' 2>/dev/null; then
        say "Setting up the Python clients for the tests (20 MB, half a minute) …"
        rm -rf "$PYTHON_HOME"
        if ! { python3 -m venv "$PYTHON_HOME" && "$PYTHON_HOME/bin/python" -m pip install --quiet --no-input \
            --disable-pip-version-check --retries 1 --timeout 20 --only-binary :all: --require-hashes --no-deps \
            -r "$SETUP/requirements-test.txt"; } >"$SCRATCH/python.log" 2>&1; then
            rm -rf "$PYTHON_HOME"
            say "The Python clients cannot be had ($(tail -n 1 "$SCRATCH/python.log")); their tests are skipped."
            return 0
        fi
        printf '%s\n' "$wanted" >"$PYTHON_HOME/stamp"
    fi
    export TUTTI_TEST_PYTHON=$PYTHON_HOME/bin/python
}
