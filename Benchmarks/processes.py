"""Processes of the benchmark: started in a group of their own, pinned, measured, and always ended."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TICKS = os.sysconf("SC_CLK_TCK")
PACKAGES = {
    "cc": "gcc", "taskset": "util-linux", "wrk": "wrk", "nginx": "nginx-light",
    "uv.h": "libuv1-dev", "curl/curl.h": "libcurl4-openssl-dev",
}
PROGRAMS = {"mock_upstream": ["-luv"], "floor": ["-luv", "-lcurl"], "client": []}


class Refusal(Exception):
    """The benchmark cannot run; its text is one sentence with the mend."""


def require(tools):
    """Names every missing tool with its Debian package."""
    missing = sorted({PACKAGES[tool] for tool in tools if not shutil.which(tool)})
    if missing:
        raise Refusal(f"missing tools: apt-get install {' '.join(missing)}")


def compile_programs(folder):
    """Compiles `native/*.c` into the folder; about a second each."""
    for name, libraries in PROGRAMS.items():
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

    def __init__(self, name, command, log, core=None, port=None, env=None, ready="/"):
        self.name, self.log, self.port = name, pathlib.Path(log), port
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
            self._wait_until_ready(ready)

    def _wait_until_ready(self, path, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with contextlib.suppress(OSError, http.client.HTTPException):
                if get(self.port, path, timeout=2)[0] < 500:
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
        """User and system time of the whole family so far."""
        ticks = 0
        for pid in self.family():
            with contextlib.suppress(OSError):
                fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        return ticks / TICKS

    def rss_mib(self):
        kib = 0
        for pid in self.family():
            for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
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


def get(port, path, timeout=10):
    """(status, body) of one GET."""
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
events {{ worker_connections 1024; }}
http {{
    access_log off; tcp_nodelay on; keepalive_requests 100000000; {temporary}
    upstream models {{ server 127.0.0.1:{mock.port}; keepalive 128; keepalive_requests 100000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
""")
    return Server("nginx", ["nginx", "-p", home, "-e", home / "error.log", "-c", home / "nginx.conf"],
                  folder / "nginx.log", core, port, ready="/stats")


def start_tutti(folder, binary, core, upstreams, local=False, name="tutti"):
    """Tutti with its log on. `upstreams`: provider name → port; each is a model of the same name, too."""
    port, home = free_port(), folder / name
    home.mkdir()
    lines = ["providers:"]
    for provider, upstream in upstreams.items():
        lines.append(f"  {provider}: {{ dialect: openai, base_url: http://127.0.0.1:{upstream}/v1, "
                     "api_key: bench-key, allow: any }")
    if local:
        lines.append("  local: { dialect: local, model: smollm2 }")
    # What is measured is a request's way, not how many may go it at once.
    lines.append("resilience: { limits: { per_provider: 100000, total: 100000 } }")
    lines.append("models:")
    lines += [f"  {provider}: {{ chain: [{provider}/gpt-4o-mini] }}" for provider in upstreams]
    if local:
        lines.append("  smol: { chain: [local/smollm2] }")
    config = home / "tutti.yaml"
    config.write_text("\n".join(lines) + "\n")
    config.chmod(0o600)
    env = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    command = [binary, "serve", "--config", config, "--listen", f"127.0.0.1:{port}", "--data", home / "data"]
    return Server(name, command, folder / f"{name}.log", core, port, env, ready="/readyz")
