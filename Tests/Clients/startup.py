"""Starts that must fail: exit code 2 and words that help; and one that must warn."""

import pathlib
import re
import socket
import subprocess
import time

from harness import BINARY, PROVIDER_KEY, Tutti, configuration, environment, equal, expect, free_port


def failed_start(config, flags=(), within=None):
    """Runs `tutti serve` until it gives up; its words. `within`: seconds that the quickest of five may take."""
    best = float("inf")
    for _ in range(5 if within else 1):
        start = time.monotonic()
        result = subprocess.run([BINARY, "serve", "--config", str(config), *map(str, flags)], timeout=20, text=True,
                                capture_output=True, env=environment(), stdin=subprocess.DEVNULL)
        best = min(best, time.monotonic() - start)
        equal(result.returncode, 2, f"exit code ({(result.stderr or result.stdout)[-300:]!r})")
        if within and best <= within:
            break
    expect(within is None or best <= within, f"took {best * 1000:.0f} ms")
    expect(PROVIDER_KEY not in result.stderr + result.stdout, "the key was shown")
    return result.stderr


def one_sentence(words, *wanted):
    lines = [line for line in words.splitlines() if line.strip() and not line.startswith("{")]
    equal(len(lines), 1, f"lines ({words[-500:]!r})")
    for word in wanted:
        expect(word.lower() in words.lower(), f"{word!r} is not in {words!r}")


def check_all(checks, folder, mock):
    def write(name, text):
        path = folder / f"start-{name}.yaml"
        path.write_text(text)
        path.chmod(0o600)
        return path

    good = write("good", configuration(mock.port))
    home = ["--data", folder / "start-data"]

    def port_in_use():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            one_sentence(failed_start(good, ["--listen", f"127.0.0.1:{port}", *home]), str(port))

    def unwritable():
        file = folder / "a-file"
        file.write_text("")
        listen = ["--listen", f"127.0.0.1:{free_port()}"]
        one_sentence(failed_start(good, [*listen, "--data", file / "data"]), "a-file")
        # Root may write anywhere but where nobody can.
        if pathlib.Path("/proc/self").exists():
            one_sentence(failed_start(good, [*listen, "--data", "/proc/tutti-data"]), "/proc/tutti-data")

    def beyond():
        for host in ("0.0.0.0", "[::]"):
            one_sentence(failed_start(good, ["--listen", f"{host}:{free_port()}", *home]), "key")

    def no_models():
        config = write("none", "providers: {}\nmodels: {}\n")
        one_sentence(failed_start(config, ["--listen", f"127.0.0.1:{free_port()}", *home]), "model")

    def bad_keys():
        config = write("bad", "server:\n  listne: 127.0.0.1:1\nprovidres: {}\nmodels:\n  a: { chian: [x/y] }\n")
        words = failed_start(config, home, within=0.05)
        for wanted in ("listen", "providers", "chain", "2:3", "3:1", "5:8"):
            expect(wanted in words, f"{wanted!r} is not in {words!r}")

    def bad_values():
        config = write("values", "server: { listen: nowhere }\nproviders:\n  m: { dialect: klingon, "
                       "base_url: 'ftp://x' }\nmodels:\n  a: { chain: [nobody/x] }\n")
        words = failed_start(config, home, within=0.05)
        for wanted in ("server.listen", "providers.m.dialect", "providers.m.base_url", "models.a"):
            expect(wanted in words, f"{wanted!r} is not in {words!r}")

    def no_yaml():
        words = failed_start(write("broken", "models: [\n  a: {\n"), home, within=0.05)
        expect(any(mark in words for mark in ("2:", "3:")), f"no line in {words!r}")

    def missing_file():
        one_sentence(failed_start(folder / "not-there.yaml", home), "not-there.yaml")

    def bomb():
        lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 12)]
        words = failed_start(write("bomb", "\n".join(lines) + "\n"), home, within=0.05)
        expect(re.search(r"start-bomb\.yaml:[1-9][0-9]?:[1-9][0-9]*: ", words), f"no place in {words[-300:]!r}")

    def deep():
        flow = failed_start(write("deep", "models: " + "[" * 5000 + "]" * 5000 + "\n"), home, within=0.05)
        expect(re.search(r"start-deep\.yaml:1:[1-9][0-9]*: ", flow), f"no place in {flow[-300:]!r}")
        block = failed_start(write("deeper", "models:\n  " + "- " * 5000 + "x\n"), home, within=0.05)
        expect(re.search(r"start-deeper\.yaml:[1-9][0-9]*:[1-9][0-9]*: ", block), f"no place in {block[-300:]!r}")

    def unset():
        gone = "gone: { dialect: openai, base_url: http://127.0.0.1:9/v1, api_key: ${TUTTI_TEST_UNSET} }"
        config = configuration(mock.port).replace("dead: {", f"{gone}\n  dead: {{")
        server = Tutti(folder, config, "unset")
        try:
            expect("gone" in server.output(), f"no notice: {server.output()!r}")
        finally:
            equal(server.end(), 0, "exit code")
        words = failed_start(write("unset", configuration(mock.port).replace(f"127.0.0.1:{mock.port}",
                                                                             "${TUTTI_TEST_UNSET}")), home)
        expect("TUTTI_TEST_UNSET" in words, words)

    def readable():
        words = {}
        for mode in (0o600, 0o644):
            server = Tutti(folder, configuration(mock.port), f"mode-{mode:o}", mode=mode)
            try:
                words[mode] = server.output()
            finally:
                server.end()
        expect("mode-644.yaml" in words[0o644] and "mode-600.yaml" not in words[0o600], f"no warning: {words[0o644]!r}")
        expect(PROVIDER_KEY not in words[0o644], "the warning shows the key")

    for name, check in {
        "port in use": port_in_use, "unwritable data folder": unwritable, "beyond loopback without keys": beyond,
        "no models at all": no_models, "unknown keys, all at once, with place and nearest name": bad_keys,
        "bad values, all at once": bad_values, "no YAML": no_yaml, "a missing file": missing_file,
        "an alias bomb": bomb, "YAML 5,000 deep": deep, "an unset variable drops a provider, or is an error": unset,
        "a literal key in a world-readable file is a warning": readable,
    }.items():
        checks.run(f"start: {name}", check)
