"""Processes of the benchmark: started in a group of their own, pinned, measured, and always ended."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
PACKAGES = {
    "cc": "gcc", "taskset": "util-linux", "wrk": "wrk", "nginx": "nginx-light",
    "openssl": "openssl", "valgrind": "valgrind", "vgdb": "valgrind", "objcopy": "binutils",
    "uv.h": "libuv1-dev", "curl/curl.h": "libcurl4-openssl-dev",
}
PROGRAMS = {"mock_upstream": ["-luv"], "floor": ["-luv", "-lcurl"], "client": [], "streams": []}


class Refusal(Exception):
    """The benchmark cannot run; its text is one sentence with the mend."""


def require(tools):
    """Names every missing tool with its Debian package."""
    missing = sorted({PACKAGES[tool] for tool in tools if not shutil.which(tool)})
    if missing:
        raise Refusal(f"missing tools: apt-get install {' '.join(missing)}")


def compile_programs(folder, names=tuple(PROGRAMS)):
    """Compiles `native/*.c` into the folder; about a second each."""
    for name in names:
        libraries = PROGRAMS[name]
        command = ["cc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-o", str(folder / name),
                   str(HERE / "native" / f"{name}.c"), *libraries]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            hints = [package for header, package in PACKAGES.items() if f"{header}: No such" in result.stderr]
            raise Refusal(f"{name}.c does not compile" + (f": apt-get install {' '.join(hints)}" if hints else
                                                          f":\n{result.stderr}"))


def free_port():
    """A port that was free a moment ago; two calls never give the same one twice in a row."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(core, command):
    return command if core is None else ["taskset", "-c", str(core), *map(str, command)]


class Server:
    """A server process under our care. `port` answers HTTP once the constructor returns."""

    # The model that load asks for.
    model = "bench"

    def __init__(self, name, command, log, core=None, port=None, env=None, ready="/", tls=False,
                 patience=60):
        self.name, self.log, self.port, self.tls = name, pathlib.Path(log), port, tls
        self._log_file = open(log, "wb")
        piped = port is None
        self.process = subprocess.Popen(
            pinned(core, [str(part) for part in command]), stdin=subprocess.DEVNULL, env=env,
            stdout=subprocess.PIPE if piped else self._log_file, stderr=self._log_file, start_new_session=True)
        if piped:
            line = self.process.stdout.readline().decode().split()
            if len(line) != 2 or line[0] != "listening":
                self.stop()
                raise Refusal(f"{name} did not start: {self.tail()}")
            self.port = int(line[1])
        else:
            self._wait_until_ready(ready, patience)

    def _wait_until_ready(self, path, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                if get(self.port, path, timeout=seconds / 2, tls=self.tls)[0] < 500:
                    return
            time.sleep(0.02)
        self.stop()
        raise Refusal(f"{self.name} did not become ready: {self.tail()}")

    def tail(self):
        return self.log.read_text(errors="replace")[-600:].strip() or f"exit code {self.process.poll()}"

    def family(self):
        """The process and its children: nginx works in a child."""
        found, left = [], [self.process.pid]
        while left:
            pid = left.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    left += map(int, pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split())
        return found

    def cpu_seconds(self):
        """User and system time of the whole family so far, by the kernel's clock of each process: nanoseconds."""
        total = 0.0
        for pid in self.family():
            with contextlib.suppress(OSError):
                total += time.clock_gettime(~pid << 3 | 2)
        return total

    def rss_mib(self, kind="VmRSS"):
        """What is resident in memory; of kind `RssAnon` what is not a file's, as code and libraries are."""
        kib = 0
        for pid in self.family():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith(f"{kind}:"):
                    kib += int(line.split()[1])
        return round(kib / 1024, 1)

    def stop(self, seconds=10):
        """SIGTERM, then SIGKILL to the group that we made. Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()
        self._log_file.close()
        return self.process.returncode


def get(port, path, timeout=10, tls=False):
    """(status, body) of one GET."""
    if tls:
        # Its certificate is our own, made for this run.
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def other_load(seconds=1):
    """The share of this machine's CPU that is taken before the benchmark starts."""
    def read():
        fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        return fields[3] + fields[4], sum(fields)

    idle, total = read()
    time.sleep(seconds)
    idle_later, total_later = read()
    return round(1 - (idle_later - idle) / max(1, total_later - total), 2)


def run_json(command, core=None, timeout=600):
    """Runs a program to its end; its last line of output is JSON."""
    result = subprocess.run(pinned(core, [str(part) for part in command]), capture_output=True, text=True,
                            timeout=timeout, stdin=subprocess.DEVNULL)
    if result.returncode:
        raise Refusal(f"{command[0]} failed: {(result.stderr or result.stdout)[-600:].strip()}")
    return json.loads(result.stdout.strip().splitlines()[-1])


def start_mock(folder, name, core, *options):
    return Server(name, [folder / "mock_upstream", *options], folder / f"{name}.log", core)


def start_floor(folder, mock, core):
    return Server("floor", [folder / "floor", "--upstream", mock.port], folder / "floor.log", core)


def start_nginx(folder, mock, core):
    port, home = free_port(), folder / "nginx"
    home.mkdir()
    # As root the worker would become `nobody`, who may not enter the temporary folder.
    user = "user root;" if os.geteuid() == 0 else ""
    temporary = "".join(f"{kind}_temp_path {home}/{kind};" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (home / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {home}/pid; error_log {home}/error.log crit; {user}
events {{ worker_connections 8192; }}
http {{
    access_log off; tcp_nodelay on; keepalive_requests 100000000; client_body_buffer_size 256k; {temporary}
    upstream models {{ server 127.0.0.1:{mock.port}; keepalive 128; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
""")
    return Server("nginx", ["nginx", "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf"],
                  folder / "nginx.log", core, port, ready="/stats")


def make_certificate(folder):
    """A certificate for this run, of the kind that most servers have: P-256, signed by itself. (certificate, key)"""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
               "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
               "-out", certificate, "-keyout", key]
    made = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if made.returncode:
        raise Refusal(f"openssl makes no certificate: {made.stderr[-600:].strip()}")
    key.chmod(0o600)
    return certificate, key


def write_config(home, upstreams, anthropic=None, local=False, tls=None):
    """Tutti's configuration. `upstreams` and `anthropic`, by the dialect they speak: provider name → port; each is a
    model of the same name, too. `tls`: certificate and key."""
    lines = []
    if tls:
        lines.append(f"server: {{ tls: {{ certificate: {tls[0]}, key: {tls[1]} }} }}")
    lines.append("providers:")
    for provider, port in upstreams.items():
        lines.append(f"  {provider}: {{ dialect: openai, base_url: http://127.0.0.1:{port}/v1, "
                     "api_key: bench-key, allow: any }")
    for provider, port in (anthropic or {}).items():
        lines.append(f"  {provider}: {{ dialect: anthropic, base_url: http://127.0.0.1:{port}, "
                     "api_key: bench-key, allow: any }")
    if local:
        lines.append("  local: { dialect: local, model: smollm2 }")
    # What is measured is a request's way, not how many may go it at once.
    lines.append("resilience: { limits: { per_provider: 100000, total: 100000, queue: 100000 } }")
    lines.append("models:")
    lines += [f"  {provider}: {{ chain: [{provider}/gpt-4o-mini] }}" for provider in upstreams]
    lines += [f"  {provider}: {{ chain: [{provider}/claude-haiku-4-5] }}" for provider in anthropic or {}]
    if local:
        lines.append("  smol: { chain: [local/smollm2] }")
    config = home / "tutti.yaml"
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o600)
    return config


def serving(binary, config, port):
    """The command that serves with this configuration, and its environment."""
    env = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    home = config.parent
    return [binary, "serve", "--config", config, "--listen", f"127.0.0.1:{port}", "--data", home / "data"], env


def start_tutti(folder, binary, core, upstreams, name="tutti", prefix=(), patience=60, **more):
    """Tutti with its log on; `prefix` is a command that runs it, `more` goes to `write_config`."""
    port, home = free_port(), folder / name
    home.mkdir()
    command, env = serving(binary, write_config(home, upstreams, **more), port)
    return Server(name, [*prefix, *command], folder / f"{name}.log", core, port, env, ready="/readyz",
                  tls=bool(more.get("tls")), patience=patience)
