#!/usr/bin/env python3
"""Many clients of one kind on one epoll, each from a loopback address of its group's own. Standard library only.

  load_crowd.py KIND PORT COUNT [options]

  headers      a request whose head comes byte by byte, one every `--every` seconds
  bodies       a whole head, then a body in the same way
  readers      asks for a stream, and reads `--sip` bytes of it in that time; 0 is nothing
  idle         one request, its answer, then nothing
  open         connects, and nothing more

A client whose connection the server ends connects anew, but for those of `idle` and `open` (`--again 0`: none does).
Prints `ready` when all are connected, and with SIGTERM what it has seen, as one line of JSON: the least that were
connected at once since then and how many on the average, ends by the server, and the statuses that it gave.
"""

import argparse
import collections
import errno
import heapq
import json
import re
import resource
import select
import signal
import socket
import struct
import sys
import time

sys.dont_write_bytecode = True

from load_callers import CHAT, request

# So many clients share a source address, as if they were so many behind one router.
NEIGHBOURS = 10
# Of Linux; Python has no name for it.
IP_BIND_ADDRESS_NO_PORT = 24
TRICKLE = b"x-slow: " + b"a" * 20000


class Client:
    __slots__ = ("number", "socket", "left", "connected", "asked", "head")

    def __init__(self, number):
        self.number, self.socket, self.connected = number, None, False


class Crowd:
    def __init__(self, chosen):
        self.chosen, self.kind = chosen, chosen.kind
        self.epoll, self.byfd, self.due = select.epoll(), {}, []
        self.clients = [Client(number) for number in range(chosen.count)]
        self.waiting = collections.deque(self.clients)
        self.connecting = self.open = self.settled = 0
        self.ready, self.least, self.stop = False, chosen.count, False
        self.begun = self.since = self.area = 0
        self.ends, self.ages, self.statuses = 0, [], collections.Counter()
        self.errors = collections.Counter()

    def message(self, client):
        if self.chosen.get:
            return f"GET {self.chosen.get} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        data = request(CHAT, self.chosen.model, client.number, self.kind == "readers")
        head, _, body = data.partition(b"\r\n\r\n")
        return {"headers": head.split(b"\r\n")[0] + b"\r\nHost: 127.0.0.1\r\n",
                "bodies": re.sub(rb"(?i)content-length: *\d+", b"Content-Length: 9999", head) + b"\r\n\r\n" + body,
                "open": b""}.get(self.kind, data)

    def connect(self, client):
        wire = client.socket = socket.socket()
        wire.setblocking(False)
        if self.kind == "readers":
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        group = client.number // NEIGHBOURS
        # Its port is chosen when it connects, so that all have enough of them.
        wire.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
        wire.bind((f"127.{1 + self.chosen.net}.{group // 250}.{1 + group % 250}", 0))
        code = wire.connect_ex(("127.0.0.1", self.chosen.port))
        if code not in (0, errno.EINPROGRESS):
            return self.lost(client, errno.errorcode.get(code, str(code)))
        self.byfd[wire.fileno()] = client
        self.connecting += 1
        client.connected, client.asked, client.head = False, 0, b""
        self.epoll.register(wire.fileno(), select.EPOLLOUT)

    def established(self, client):
        code = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            return self.lost(client, errno.errorcode.get(code, str(code)))
        self.connecting -= 1
        client.connected, client.asked = True, time.monotonic()
        self.open += 1
        # Who does not read shall not be woken by what has come.
        self.epoll.modify(client.socket.fileno(), 0 if self.kind == "readers" else select.EPOLLIN)
        try:
            client.socket.send(self.message(client))
        except OSError as error:
            return self.lost(client, errno.errorcode.get(error.errno, "?"))
        if self.kind != "idle":
            self.settled += 1
        if self.kind in ("headers", "bodies") or self.kind == "readers" and self.chosen.sip:
            client.left = 1
            # Spread over the time, or all would drip at once.
            heapq.heappush(self.due, (time.monotonic() + self.chosen.every * (client.number % 97 + 1) / 97,
                                      client.number, client.socket.fileno()))

    def lost(self, client, why):
        """The connection is no more, or never was."""
        known = self.byfd.pop(client.socket.fileno(), None)
        self.errors[why] += why != "end"
        if client.connected:
            self.open -= 1
            self.ends += 1
            self.ages.append(time.monotonic() - client.asked)
            if found := re.match(rb"HTTP/1\.1 (\d+)", client.head):
                self.statuses[found[1].decode()] += 1
        elif known:
            self.connecting -= 1
        client.connected = False
        client.socket.close()
        if self.chosen.again and self.kind not in ("idle", "open"):
            self.waiting.append(client)

    def heard(self, client):
        try:
            data = client.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            return self.lost(client, errno.errorcode.get(error.errno, "?"))
        client.head = (client.head + data)[:400]
        if not data:
            return self.lost(client, "end")
        if self.kind == "idle":
            self.settled += 1

    def drip(self, client):
        try:
            if self.kind == "readers":
                data = client.socket.recv(self.chosen.sip)
                client.head = (client.head + data)[:400]
                if not data:
                    return self.lost(client, "end")
            else:
                client.socket.send(TRICKLE[client.left:client.left + 1])
                client.left = (client.left + 1) % len(TRICKLE)
        except BlockingIOError:
            pass
        except OSError as error:
            return self.lost(client, errno.errorcode.get(error.errno, "?"))
        heapq.heappush(self.due, (time.monotonic() + self.chosen.every, client.number, client.socket.fileno()))

    def step(self):
        now = time.monotonic()
        # A few at a time: the kernel's line of those that wait to be accepted is bounded.
        busy = self.connecting + (self.open - self.settled if self.kind == "idle" else 0)
        for _ in range(min(len(self.waiting), self.chosen.at_once - busy)):
            self.connect(self.waiting.popleft())
        while self.due and self.due[0][0] <= now:
            _, number, descriptor = heapq.heappop(self.due)
            client = self.clients[number]
            if self.byfd.get(descriptor) is client and client.connected:
                self.drip(client)
        for descriptor, event in self.epoll.poll(0.01):
            if not (client := self.byfd.get(descriptor)):
                continue
            if not client.connected:
                self.established(client)
            elif event & (select.EPOLLHUP | select.EPOLLERR) and self.kind == "readers":
                self.lost(client, "RESET")
            elif event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self.heard(client)

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stop", True))
        while not self.stop:
            self.step()
            if not self.ready and self.settled >= self.chosen.count:
                self.ready, self.begun = True, time.monotonic()
                self.since = self.begun
                print("ready", flush=True)
            if self.ready:
                now = time.monotonic()
                self.least = min(self.least, self.open)
                self.area += self.open * (now - self.since)
                self.since = now
        ages = sorted(self.ages)
        print(json.dumps({
            "clients": self.chosen.count, "open": self.open, "open_least": self.least,
            "open_mean": round(self.area / max(1e-9, self.since - self.begun), 1), "ended_by_server": self.ends,
            "age_at_end_s": [round(ages[0], 2), round(ages[-1], 2)] if ages else None,
            "statuses": self.statuses, "errors": self.errors}), flush=True)
        # What this ends with decides what the server sees: resets for one half, ends for the other.
        for client in self.byfd.values():
            if client.number % 2:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kind", choices=["headers", "bodies", "readers", "idle", "open"])
    parser.add_argument("port", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--every", type=float, default=1)
    parser.add_argument("--sip", type=int, default=64)
    parser.add_argument("--model", default="only/m")
    parser.add_argument("--get", help="asks for this path instead of a chat")
    parser.add_argument("--again", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=100)
    parser.add_argument("--net", type=int, default=0, help="the second part of the clients' addresses, less one")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Crowd(parser.parse_args()).run()


if __name__ == "__main__":
    main()
