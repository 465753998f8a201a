"""What stands in front of Tutti while the forms are sent: nothing, nginx or haproxy, each strict and as lenient as it
can be, with a tap on the way that counts the upstream connections. Every lane has a Tutti of its own, so that its log
is the lane's."""

import contextlib
import json
import os
import re
import shutil
import socket
import threading

from harness import Process, Tutti, eventually, expect, free_port

NGINX = """daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log info; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  log_format seen escape=json '{{"id":"$http_x_request_id","status":$status,"upstream":"$upstream_addr",'
                              '"answered":"$upstream_status"}}';
  access_log {folder}/access.log seen;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  upstream tutti {{ server 127.0.0.1:{upstream}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{port}; {options}
    location / {{
      proxy_pass http://tutti; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_next_upstream off; proxy_read_timeout 5s; {location}
    }}
  }}
}}
"""
LENIENT_NGINX = ("ignore_invalid_headers off; underscores_in_headers on; merge_slashes off; "
                 "large_client_header_buffers 8 64k;")

SEEN = (r'seen {{\"id\":\"%[capture.req.hdr(0),json]\",\"status\":%ST,'
        r'\"upstream\":\"%s\",\"answered\":\"%Tr\"}}')
HAPROXY = """global
    log stdout format raw local0
    tune.bufsize 65536
    tune.http.maxhdr 200
    nbthread 1
defaults
    mode http
    log global
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    retries 0
    http-reuse always
frontend in
    bind 127.0.0.1:{port}
    {frontend}
    http-request capture req.hdr(x-request-id) len 64
    log-format "{SEEN}"
    default_backend out
backend out
    {backend}
    server tutti 127.0.0.1:{upstream} pool-max-conn 1 maxconn 1
""".replace("{SEEN}", SEEN)
FALLBACK_PATH = ":/usr/sbin:/usr/local/sbin:/sbin"


def installed(program):
    return shutil.which(program, path=os.environ.get("PATH", "") + FALLBACK_PATH)


class Tap:
    """Passes bytes on and remembers, of each upstream connection, what came down it."""

    def __init__(self, upstream):
        self.upstream, self.connections = upstream, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = socket.create_connection(("127.0.0.1", self.upstream))
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            seen = bytearray()
            self.connections.append(seen)
            threading.Thread(target=self.pump, args=(client, server, seen), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, None), daemon=True).start()

    @staticmethod
    def pump(source, target, seen):
        try:
            while data := source.recv(65536):
                if seen is not None:
                    seen += data
                target.sendall(data)
        except OSError:
            pass
        # Its end is passed on too.
        try:
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.close()


class Lane:
    """Tutti, and what stands in front of it. `port` is where the forms go."""

    def __init__(self, name, folder, config):
        self.name, self.folder = name, folder / name
        self.folder.mkdir()
        self.tutti = Tutti(self.folder, config)
        self.port, self.tap, self.proxy = self.tutti.port, None, None
        if name == "direct":
            return
        self.tap = Tap(self.tutti.port)
        self.port = free_port()
        self.proxy = self.start_nginx() if name.startswith("nginx") else self.start_haproxy()
        eventually(self.listens, f"{name} listens", 10)

    def start_nginx(self):
        lenient = self.name == "nginx-lenient"
        path = self.folder / "nginx.conf"
        path.write_text(NGINX.format(
            folder=self.folder, port=self.port, upstream=self.tap.port, options=LENIENT_NGINX if lenient else "",
            location="proxy_request_buffering off;" if lenient else ""))
        return Process([installed("nginx"), "-c", path, "-e", self.folder / "start.log"], self.folder / "nginx.log")

    def start_haproxy(self):
        lenient = self.name == "haproxy-lenient"
        path = self.folder / "haproxy.cfg"
        path.write_text(HAPROXY.format(
            port=self.port, upstream=self.tap.port, frontend="option accept-invalid-http-request" if lenient else "",
            backend="option accept-invalid-http-response" if lenient else ""))
        return Process([installed("haproxy"), "-db", "-f", path], self.folder / "haproxy.log")

    def listens(self):
        expect(self.proxy.process.poll() is None, f"{self.name} ended: {self.proxy.output()[-800:]}")
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def end(self, last):
        """Ends what was started, once the proxy has told of the `last` request. After it both logs are whole."""
        if self.proxy:
            with contextlib.suppress(AssertionError):
                eventually(lambda: any(name == last for name, _ in self.forwarded()), "the proxy's log", 5)
            self.proxy.end(5)
            self.tap.close()
        self.code = self.tutti.end()

    def forwarded(self):
        """The ids of the requests that the proxy says it sent on, and whether each was answered by Tutti."""
        if self.name.startswith("nginx"):
            lines = (self.folder / "access.log").read_text(errors="replace").splitlines()
        else:
            lines = [line[5:] for line in self.proxy.output().splitlines() if line.startswith("seen ")]
        found = []
        for line in lines:
            entry = json.loads(line)
            if entry["upstream"] in ("", "<NOSRV>"):
                continue
            answered = entry["answered"] not in ("", "-", "-1")
            # An id that a proxy has joined with a folded line is none to Tutti.
            found.append((entry["id"] if re.fullmatch("[A-Za-z0-9._-]{1,64}", entry["id"]) else "", answered))
        return found

    def served(self):
        """The ids of the requests that Tutti's log has, and how many it refused without one."""
        ids, refused = [], 0
        for line in self.tutti.output().splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                refused += entry.get("message") == "request refused"
                # The probe at the start does not come through the lane.
                if entry.get("message") == "request" and entry["route"] != "/readyz":
                    ids.append(entry["request_id"])
        return ids, refused


def lanes():
    """The names of the lanes that this machine has programs for."""
    names = ["direct"]
    names += [name for name in ("nginx", "nginx-lenient") if installed("nginx")]
    names += [name for name in ("haproxy", "haproxy-lenient") if installed("haproxy")]
    return names

