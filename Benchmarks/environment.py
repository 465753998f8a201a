"""Python environments for what comes from PyPI: each made when it is missing, kept in the cache folder."""

import fcntl
import hashlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys

from processes import HERE

# The versions that the hashes are for.
OLDEST, NEWEST = (3, 11), (3, 14)


def cache_folder():
    """Where `./run` and `./test` keep theirs (scripts/setup/common.sh)."""
    if own := os.environ.get("TUTTI_CACHE_DIR"):
        return pathlib.Path(own).absolute()
    shared = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return pathlib.Path(shared).absolute() / "tutti"


def python_with_langgraph(say):
    """Its interpreter, or nothing, said in a sentence, where it cannot be had."""
    home = environment("benchmark-python", "requirements.txt", "LangGraph", "100 MB, half a minute",
                       ["bin/python", "-I", "-c", "import langgraph.graph"], say)
    return home and home / "bin/python"


def environment(name, requirements, what, takes, check, say):
    """The environment's folder, or nothing, said in a sentence, where it cannot be had. `check` is a command below it
    that succeeds where the environment is whole."""
    cache = cache_folder()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        # One at a time makes it; the lock goes with the file.
        with open(cache / f"{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            reason = make(cache / name, HERE / requirements, what, takes, check, say)
    except OSError as error:
        reason = str(error)
    if reason:
        say(f"{what} cannot be had ({reason}); the comparison is left out.")
        return None
    return cache / name


def make(home, requirements, what, takes, check, say):
    """Why the environment is not there, or nothing when it is. The stamp comes last: half an environment is none."""
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return f"it is pinned for Python 3.{OLDEST[1]} to 3.{NEWEST[1]}, and this is {platform.python_version()}"
    stamp, python = home / "stamp", home / "bin/python"
    wanted = f"{hashlib.sha256(requirements.read_bytes()).hexdigest()} {sys.version}\n"
    if stamp.exists() and stamp.read_text() == wanted and not failure([home / check[0], *check[1:]]):
        return None
    say(f"setting up {what} ({takes}) …")
    shutil.rmtree(home, ignore_errors=True)
    install = [python, "-I", "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check",
               "--retries", "1", "--timeout", "20", "--only-binary", ":all:", "--require-hashes", "--no-deps",
               "-r", requirements]
    reason = failure([sys.executable, "-m", "venv", home]) or failure(install)
    if reason:
        shutil.rmtree(home, ignore_errors=True)
        return reason
    stamp.write_text(wanted)
    return None


def failure(command):
    """What the command says of its failure, in a line, or nothing when it succeeds."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError as error:
        return str(error)
    if result.returncode == 0:
        return None
    # pip warns of each attempt, and ends by saying that there is no such package.
    if "connection broken" in result.stderr:
        return "PyPI is out of reach"
    lines = [line.strip() for line in (result.stderr or result.stdout).splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return (errors or lines or [f"exit code {result.returncode}"])[-1]
