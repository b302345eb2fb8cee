"""A crowd at the door: many connections in one cheap process, each taking one free item after the other.

Run as `python -m tests.bench.load PORT DROP CLIENTS SECONDS`; prints what it saw as one JSON object. A connection
presses again as soon as it was answered, so the server is always as full as `clients` can make it.
"""

from __future__ import annotations

import base64
import gc
import json
import os
import select
import socket
import sys
import time
from dataclasses import asdict, dataclass, field

#: Nobody waits longer than this for an answer (s).
PATIENCE_S = 40.0
_HEAD_END = b"\r\n\r\n"
_KEYS = 256


@dataclass(slots=True)
class Seen:
    """What a crowd saw: latencies in ms of every answer within the time measured, and all orders it was given."""

    seconds: float = 0.0
    latencies_ms: list[float] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    unanswered: int = 0


class Presses:
    """Fresh keys of forms as the pages carry them (store.presses.new_key), drawn many at a time because that is cheap."""

    def __init__(self) -> None:
        self._keys: list[bytes] = []

    def next(self) -> bytes:
        """One key, base64url of 16 bytes."""
        if not self._keys:
            moment, drawn = int(time.monotonic() * 256).to_bytes(4), os.urandom(12 * _KEYS)
            keys = (moment + drawn[at : at + 12] for at in range(0, len(drawn), 12))
            self._keys = [base64.urlsafe_b64encode(key)[:22] for key in keys]
        return self._keys.pop()


class Phone:
    """One connection and the press it is waiting for."""

    __slots__ = ("buffer", "sent_at", "sock")

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.buffer = b""

    def press(self, request: bytes) -> None:
        """Send one request."""
        self.buffer = b""
        self.sent_at = time.perf_counter()
        self.sock.send(request)


def take_request(port: int, drop: str) -> bytes:
    """All of a phone's request but its press, which comes last."""
    return (
        f"POST /d/{drop}/take HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 28\r\n\r\npress="
    ).encode()


def whole_answer(data: bytes) -> bool:
    """Whether an answer has come to its end, by its Content-Length."""
    end = data.find(_HEAD_END)
    if end < 0:
        return False
    at = data.find(b"Content-Length: ", 0, end)
    length = int(data[at + 16 : data.index(b"\r", at)]) if at >= 0 else 0
    return len(data) >= end + 4 + length


def crowd(port: int, drop: str, clients: int, seconds: float) -> Seen:
    """Let `clients` phones take items of a drop for `seconds`, then wait for the answers still out.

    It shares the machine with the server, so while it runs it does little more than press again; it looks at the answers later.
    """
    seen, presses, request = Seen(), Presses(), take_request(port, drop)
    phones = {phone.sock.fileno(): phone for phone in (Phone(port) for _ in range(clients))}
    answers: list[tuple[float, float, bytes]] = []
    poll = select.epoll()
    gc.disable()
    begun = time.perf_counter()
    for number, phone in phones.items():
        poll.register(number, select.EPOLLIN)
        phone.press(request + presses.next())
    until, give_up = begun + seconds, begun + seconds + PATIENCE_S
    waiting = len(phones)
    while waiting and time.perf_counter() < give_up:
        for number, _ in poll.poll(1.0):
            phone = phones[number]
            data = phone.sock.recv(65536)
            answer = phone.buffer + data if phone.buffer else data
            if data and not whole_answer(answer):
                phone.buffer = answer
                continue
            now, sent_at = time.perf_counter(), phone.sent_at
            if data and now < until:
                phone.press(request + presses.next())
            else:
                poll.unregister(number)
                waiting -= 1
            answers.append((sent_at, now, answer))
    seen.seconds, seen.unanswered = seconds, waiting
    poll.close()
    for phone in phones.values():
        phone.sock.close()
    for sent_at, now, answer in answers:
        _note(seen, answer, (now - sent_at) * 1000 if now < until else None)
    return seen


def _note(seen: Seen, answer: bytes, latency_ms: float | None) -> None:
    if answer.startswith(b"HTTP/1.1 303"):
        at = answer.index(b"/o/") + 3
        seen.orders.append(answer[at : at + 22].decode())
        if latency_ms is not None:
            seen.latencies_ms.append(latency_ms)
    else:
        status = answer[9:12].decode() or "closed"
        seen.refused[status] = seen.refused.get(status, 0) + 1


def main(arguments: list[str]) -> int:
    """Be one crowd."""
    port, drop, clients, seconds = arguments
    json.dump(asdict(crowd(int(port), drop, int(clients), float(seconds))), sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
