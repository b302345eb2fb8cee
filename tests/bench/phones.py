"""Crowds of phones in one cheap process: `python -m tests.bench.phones fetch|ask|slow|probe|burst ARGUMENTS…`; prints JSON.

`fetch PORT PATHS CONNECTIONS COUNT` downloads files, a connection each, dropping their bytes in the kernel. `ask PORT PATHS CONNECTIONS
COUNT` asks for pages on connections that stay open. `slow PORT PATHS PHONES RATE SECONDS` downloads at RATE bytes a second each. `probe
PORT PATHS SECONDS` looks at pages ten times a second. `burst PORT DROP PHONES WITHIN` opens the item and takes it, each phone on one
connection. PATHS is a JSON list, asked for in turn.
"""

from __future__ import annotations

import gc
import itertools
import json
import re
import select
import socket
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.bench.load import take_request, whole_answer

#: Nobody waits longer than this for an answer (s).
PATIENCE_S = 20.0
PROBE_PATIENCE_S = 5.0
_TICK_S = 0.05
_DROPPED = bytearray(1 << 20)
_PRESS = re.compile(rb'name="press" value="([A-Za-z0-9_-]{22}|[0-9a-f]{40})"')
_SLOW_BUFFER = 16 * 1024


def get(port: int, path: str, *, close: bool = False) -> bytes:
    """A browser's GET."""
    end = "Connection: close\r\n" if close else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\nAccept-Language: de-DE,de;q=0.9,en;q=0.8\r\n"
        f"User-Agent: Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36\r\n{end}\r\n"
    ).encode()


def connect(port: int, receive: int | None = None) -> socket.socket:
    """A connection that blocks nobody; `receive` is how much it takes in by itself."""
    sock = socket.socket()
    if receive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.connect(("127.0.0.1", port))
    sock.setblocking(False)
    return sock


def ended(answer: bytes) -> bool:
    """Whether an answer is whole, by its length or its last chunk."""
    head, mark, body = answer.partition(b"\r\n\r\n")
    if b"Transfer-Encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    return bool(mark) and whole_answer(answer)


def fetch(port: int, paths: list[str], connections: int, count: int) -> dict[str, Any]:
    """Download `count` files on so many connections at once, each new."""
    poll, left, wanted = select.epoll(), iter(range(count)), itertools.cycle(paths)
    running: dict[int, list[Any]] = {}
    lengths: list[int] = []
    wrong: dict[str, int] = {}

    def begin() -> None:
        if next(left, None) is not None:
            sock = connect(port)
            sock.send(get(port, next(wanted), close=True))
            running[sock.fileno()] = [sock, 0, b""]
            poll.register(sock, select.EPOLLIN)

    begun = time.perf_counter()
    for _ in range(connections):
        begin()
    while running and time.perf_counter() - begun < PATIENCE_S * 6:
        for number, _ in poll.poll(1.0):
            phone = running[number]
            if not phone[1]:
                phone[2] = phone[0].recv(4096)
                got = len(phone[2])
            else:
                got = phone[0].recv_into(_DROPPED, 0, socket.MSG_TRUNC)
            phone[1] += got
            if not got:
                poll.unregister(number)
                del running[number]
                phone[0].close()
                status = phone[2][9:12].decode() or "closed"
                if status != "200":
                    wrong[status] = wrong.get(status, 0) + 1
                lengths.append(phone[1])
                begin()
    return {"seconds": time.perf_counter() - begun, "bytes": sum(lengths), "files": len(lengths), "wrong": wrong}


def ask(port: int, paths: list[str], connections: int, count: int) -> dict[str, Any]:
    """Ask `count` times on connections that stay open."""
    poll, wanted = select.epoll(), itertools.cycle(paths)
    phones = {sock.fileno(): sock for sock in (connect(port) for _ in range(connections))}
    buffers, sent = dict.fromkeys(phones, b""), 0
    statuses: dict[str, int] = {}
    begun, done = time.perf_counter(), 0
    for number, sock in phones.items():
        poll.register(number, select.EPOLLIN)
        sock.send(get(port, next(wanted)))
        sent += 1
    while done < count and time.perf_counter() - begun < PATIENCE_S * 3:
        for number, _ in poll.poll(1.0):
            data = phones[number].recv(65536)
            buffers[number] += data
            if data and not ended(buffers[number]):
                continue
            status = buffers[number][9:12].decode() if data else "closed"
            statuses[status] = statuses.get(status, 0) + 1
            buffers[number], done = b"", done + 1
            if data and sent < count:
                phones[number].send(get(port, next(wanted)))
                sent += 1
            elif not data:
                poll.unregister(number)
    seconds = time.perf_counter() - begun
    return {"seconds": seconds, "answers": done, "wrong": {name: n for name, n in statuses.items() if name != "200"}}


def slow(port: int, paths: list[str], phones: int, rate: int, seconds: float) -> dict[str, Any]:
    """Begin downloads together and take `rate` bytes a second of each; tell when each got its first byte (s)."""
    wanted = itertools.cycle(paths)
    begun = time.perf_counter()
    socks = []
    for _ in range(phones):
        socks.append(connect(port, _SLOW_BUFFER))
        socks[-1].send(get(port, next(wanted)))
    first: dict[int, float] = {}
    taken = dict.fromkeys(range(phones), 0)
    wrong: dict[str, int] = {}
    while (now := time.perf_counter()) < begun + seconds:
        for n, sock in enumerate(socks):
            may = int((now - begun) * rate) - taken[n]
            if may <= 0:
                continue
            try:
                data = sock.recv(may)
            except BlockingIOError:
                continue
            if data and n not in first:
                first[n] = now - begun
                if data[9:12] != b"200":
                    wrong[data[9:12].decode()] = wrong.get(data[9:12].decode(), 0) + 1
            taken[n] += len(data)
        time.sleep(max(0.0, _TICK_S - (time.perf_counter() - now)))
    return {"first_s": sorted(first.values()), "bytes": sum(taken.values()), "wrong": wrong}


def probe(port: int, paths: list[str], seconds: float) -> dict[str, Any]:
    """Look at pages in turn, ten times a second, on new connections; latencies in ms, and what failed."""
    latencies: list[float] = []
    failed: dict[str, int] = {}
    begun = time.perf_counter()
    for n, path in enumerate(itertools.cycle(paths)):
        at = begun + n * 0.1
        if at > begun + seconds:
            break
        time.sleep(max(0.0, at - time.perf_counter()))
        start = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=PROBE_PATIENCE_S) as sock:
                sock.sendall(get(port, path, close=True))
                answer = b"".join(iter(lambda: sock.recv(65536), b""))
            status = answer[9:12].decode()
        except OSError as error:
            status = type(error).__name__
        if status == "200":
            latencies.append((time.perf_counter() - start) * 1000)
        else:
            failed[status] = failed.get(status, 0) + 1
    return {"latencies_ms": latencies, "failed": failed}


class _Phone:
    """One phone of a burst: it opens the item, reads the form's key, presses."""

    __slots__ = ("answer", "begun", "page_ms", "sock")

    def __init__(self, port: int, request: bytes) -> None:
        self.begun = time.perf_counter()
        self.sock = connect(port)
        self.page_ms = 0.0
        self.answer = b""
        self.sock.send(request)

    def since_ms(self) -> float:
        return (time.perf_counter() - self.begun) * 1000


def burst(port: int, drop: str, phones: int, within: float) -> dict[str, Any]:
    """Have `phones` come evenly `within` so many seconds; tell how long page and take took each of them (ms)."""
    page, press = get(port, f"/d/{drop}"), take_request(port, drop)
    pages: list[float] = []
    both: list[float] = []
    answers: list[bytes] = []
    wrong: dict[str, int] = {}
    poll, open_ones = select.epoll(), {}
    gc.disable()
    begun, come, done = time.perf_counter(), 0, 0
    while done < phones and time.perf_counter() < begun + PATIENCE_S:
        now = time.perf_counter() - begun
        while come < phones and come * within / phones <= now:
            phone = _Phone(port, page)
            open_ones[phone.sock.fileno()] = phone
            poll.register(phone.sock, select.EPOLLIN)
            come += 1
        due = come * within / phones - (time.perf_counter() - begun) if come < phones else 0.2
        for number, _ in poll.poll(max(0.0, due)):
            phone = open_ones[number]
            data = phone.sock.recv(65536)
            phone.answer += data
            if data and not ended(phone.answer):
                continue
            if not phone.page_ms and (found := _PRESS.search(phone.answer)):
                phone.page_ms = phone.since_ms()
                pages.append(phone.page_ms)
                phone.answer = b""
                key = found[1]
                phone.sock.send(press.replace(b"Content-Length: 28", b"Content-Length: %d" % (6 + len(key))) + key)
                continue
            both.append(phone.since_ms())
            answers.append(phone.answer)
            poll.unregister(number)
            del open_ones[number]
            phone.sock.close()
            done += 1
    for answer in answers:
        if not answer.startswith(b"HTTP/1.1 303"):
            status = "gone" if answer.startswith(b"HTTP/1.1 200") else answer[9:12].decode() or "closed"
            wrong[status] = wrong.get(status, 0) + 1  # "gone": a page without a button
    orders = [found[1].decode() for found in _orders(answers)]
    return {"pages_ms": pages, "both_ms": both, "orders": orders, "wrong": wrong, "unanswered": phones - done}


def _orders(answers: list[bytes]) -> Iterator[re.Match[bytes]]:
    for answer in answers:
        found = re.search(rb"Location: /o/([A-Za-z0-9_-]{22})\r\n", answer)
        if found:
            yield found


_READ: dict[str, Callable[..., Any]] = {
    "fetch": lambda port, paths, connections, count: fetch(int(port), json.loads(paths), int(connections), int(count)),
    "ask": lambda port, paths, connections, count: ask(int(port), json.loads(paths), int(connections), int(count)),
    "slow": lambda port, paths, phones, rate, s: slow(int(port), json.loads(paths), int(phones), int(rate), float(s)),
    "probe": lambda port, paths, seconds: probe(int(port), json.loads(paths), float(seconds)),
    "burst": lambda port, drop, phones, within: burst(int(port), drop, int(phones), float(within)),
}


def main(arguments: list[str]) -> int:
    """Be one crowd."""
    json.dump(_READ[arguments[0]](*arguments[1:]), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
