"""Requests that are answered without a thread of their own: the one button a crowd presses.

A thread for each of some hundred waiting requests costs more than what they ask for: two hand-overs of the interpreter
each. Here the server's loop hands a request on as soon as it is read, and sends what it is given back, all in one turn.
Knows the server's connections; knows nothing of what is asked.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.task import ThreadedTaskDispatcher, WSGITask
from waitress.utilities import build_http_date

from stall import log
from stall.web import plain
from stall.web.plain import Plain

#: Requests one connection may have in line: each may hold a file open. Browsers send one after the other.
MOST_IN_LINE = 8
#: Threads that are there from the start, and are made ready for a rush; each has a connection to the database, of 0.15 MB.
READY = 4
#: How long threads that are visited wait for one another (s).
_TOGETHER_S = 0.5
#: Threads that find files: more of them find none sooner, and take the interpreter from the loop that moves everybody's bytes.
FILE_THREADS = 2
#: Where the framework finds why a request was refused before it came to it.
REFUSAL = "stall.refusal"


class Taker(Protocol):
    """Who may take a request on before a thread does."""

    def take_on(self, exchange: Exchange) -> bool:
        """Take it on, to answer it later; or say False at once. Called on any thread, must not wait."""

    def is_file(self, path: str) -> bool:
        """Whether bytes of a file are asked for: those are served by threads of their own, so that no page waits behind them."""

    def stop(self) -> None:
        """Take on nothing more, and wait a moment for what is not answered yet."""


class Exchange:
    """One plain request, and the way back to whoever sent it."""

    __slots__ = ("_channel", "_threads", "request")

    def __init__(self, request: Plain, channel: Connection, threads: Threads) -> None:
        """`request` is first in line on `channel`; `threads` serve it where nobody takes it on."""
        self.request, self._channel, self._threads = request, channel, threads

    @property
    def client(self) -> str | None:
        """The address of the phone: the other end, or on a socket that only nginx reaches, whom nginx names; None if it names nobody."""
        if self._channel.adj.trusted_proxy is None:
            return str(self._channel.addr[0])
        named = self.request.headers.get("X_FORWARDED_FOR", "")
        try:
            return str(ipaddress.ip_address(named))
        except ValueError:
            return None

    @property
    def scheme(self) -> str:
        """http or https, as the server was told."""
        return str(self._channel.adj.url_scheme)

    def pass_on(self, refusal: BaseException | None = None) -> None:
        """Let a thread and the framework answer it after all; a `refusal` is only told by it (REFUSAL in its environment)."""
        self._threads.serve(self._channel, refusal)

    def send(self, answer: bytes) -> None:
        """Send the whole answer; on the loop's own thread only (`deliver`)."""
        self._channel.finish(answer)

    def answer(self, whole: bytes) -> None:
        """Send the whole answer from any thread: at once where the loop is just reading the request, else in its next turn."""
        if self._channel.reading:
            self._channel.finish(whole)
        else:
            self.deliver([(self, whole)])

    def deliver(self, answers: Sequence[tuple[Exchange, bytes]]) -> None:
        """Have the loop send these answers, this one's and others', in one turn; nothing once the loop has ended."""
        self._threads.on_the_loop(self._channel.server, partial(_send_all, answers))

    def give_up(self) -> None:
        """Close the connection: whoever pressed finds the order with the next press."""
        self._channel.will_close = True


def _send_all(answers: Sequence[tuple[Exchange, bytes]]) -> None:
    """Send each; what goes wrong with one connection takes nothing from the others."""
    for exchange, answer in answers:
        try:
            exchange.send(answer)
        except Exception as fault:  # noqa: BLE001 - whatever it was, the next in line waits for an answer too
            log.get("web").error("answer.not_sent", reason=str(fault))
            exchange.give_up()


def compose(status: str, headers: Sequence[tuple[str, str]], at_s: int) -> bytes:
    """Write the head of an answer as the server writes it: sorted, with the date, for a connection that stays open."""
    lines = sorted([*headers, ("Date", build_http_date(at_s))])
    return "\r\n".join([f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in lines), "", ""]).encode("latin-1")


class _Visit:
    """Something for a thread to do that is no request."""

    def __init__(self, do: Callable[[], object]) -> None:
        self.service = do

    def cancel(self) -> None:
        """Called by the dispatcher at its end."""


class _Latest(threading.Condition):
    """Wakes whoever began to wait last, instead of first."""

    _waiters: Any

    def notify(self, n: int = 1) -> None:
        """Wake `n` of them."""
        self._waiters.rotate(n)
        super().notify(n)


class Threads(ThreadedTaskDispatcher):
    """The server's threads, begun as they are needed; what `taker` takes on never reaches them."""

    def __init__(self, most: int, taker: Taker | None) -> None:
        """Have `most` threads, some of them at once."""
        super().__init__()
        #: The thread that rested last serves next: few of them then ever need a connection to the database, and those have one.
        self.queue_cv = _Latest(self.lock)
        self._taker = taker
        #: Held while the loop is handed something to do, so that none is after its end: its descriptors are somebody else's then.
        self._handing = threading.Lock()
        self._closed = False
        self._most, self._together = most, threading.Barrier(1)
        self.set_thread_count(min(most, READY))
        self._files = ThreadedTaskDispatcher()
        if taker is not None:
            self._files.set_thread_count(FILE_THREADS)

    def on_the_loop(self, server: Any, do: Callable[[], None]) -> None:
        """Have the loop of `server` call this in its next turn; nothing once it has ended."""
        with self._handing:
            if not self._closed:
                server.trigger.pull_trigger(do)

    def close(self, server: Any) -> None:
        """The loop of `server` has ended: hand it nothing more. Whoever was handing it something, its end perhaps, is done first."""
        with self._handing:
            self._closed = True
            server.trigger.close()

    def add_task(self, task: Any) -> None:
        """Called by the server with a connection that has a request to answer."""
        if self._taker is not None and not task.total_outbufs_len:  # not behind a file that is still being sent
            first = task.requests[0]
            request = first if isinstance(first, Plain) else plain.of(first)
            if request is not None and self._taker.take_on(Exchange(request, task, self)):
                return
        self.serve(task)

    def visit(self, do: Callable[[], object]) -> None:
        """Have the threads that serve next, and are idle, do this once each; returns before it is done."""
        with self.lock:
            count = min(READY, len(self.threads) - self.stop_count - self.active_count - len(self.queue))
        if count < 1:
            return
        together = self._together = threading.Barrier(count)

        def once() -> None:
            do()
            with contextlib.suppress(threading.BrokenBarrierError):
                together.wait(_TOGETHER_S)  # else the first would do it for all

        for _ in range(count):
            super().add_task(_Visit(once))  # type: ignore[arg-type]  # the dispatcher asks for no more than that

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        """End the threads; what they were only to be made ready with is left."""
        self._together.abort()
        with self.lock:
            visits = [task for task in self.queue if isinstance(task, _Visit)]
            for task in visits:
                self.queue.remove(task)
        self._files.shutdown(cancel_pending, timeout)
        return bool(super().shutdown(cancel_pending, timeout))

    def serve(self, task: Any, refusal: BaseException | None = None) -> None:
        """Give it to a thread, as the server's own reader reads it."""
        request = task.requests[0] = task.read_again(task.requests[0])
        request.refusal = refusal
        if self._taker is not None and self._taker.is_file(request.path):
            self._files.add_task(task)
            return
        super().add_task(task)
        self._begin_another()

    def _begin_another(self) -> None:
        """Begin one more thread if all are busy and something waits."""
        with self.lock:
            running = len(self.threads) - self.stop_count
            more = len(self.queue) > running - self.active_count and 0 < running < self._most
        if more:
            self.set_thread_count(running + 1)


class _Task(WSGITask):
    """One request served by a thread."""

    def get_environment(self) -> dict[str, Any]:
        """What the framework is asked, with what the request was refused for before, if it was."""
        environ: dict[str, Any] = super().get_environment()
        refusal = getattr(self.request, "refusal", None)
        return environ if refusal is None else {**environ, REFUSAL: refusal}


class Connection(HTTPChannel):
    """One connection whose requests may be answered from outside a thread."""

    task_class = _Task
    #: The loop's thread is handing on the request it has just read.
    reading = False
    server: Any
    socket: Any
    request: Any
    requests: Any
    requests_lock: Any

    def asks_nothing(self, *, patient: bool) -> bool:
        """Whether nobody loses anything if it is closed now; on the loop's thread only.

        What has not said a word yet is about to, and is waited for while `patient`. What answered before may be used again in this
        very moment, so what waits in the kernel is looked at too.
        """
        if self.requests or self.request is not None or self.total_outbufs_len:
            return False
        if self.last_activity == self.creation_time and patient:
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:  # nothing there, or nobody any more
            return True

    def received(self, data: bytes) -> bool:
        """Take what came in: a plain request at once, anything else by way of the server's reader."""
        request = plain.read(data) if self.request is None and not self.requests else None
        if request is None:
            taken = bool(super().received(data))
            if len(self.requests) > MOST_IN_LINE:
                self.will_close = True
            return taken
        with self.requests_lock:
            if self.will_close or self.close_when_flushed:
                return False
            self.requests.append(request)
        # Outside the lock, so that it may be answered at once: the only request here, so nobody serves this connection now.
        self.reading = True
        try:
            self.server.add_task(self)
        finally:
            self.reading = False
        return True

    def read_again(self, request: Any) -> Any:
        """The request as a thread expects it: by the server's own reader, from the same bytes."""
        if not isinstance(request, Plain) or request.raw is None:
            return request
        again, data = self.parser_class(self.adj), request.raw
        while data and not again.completed:
            data = data[again.received(data) :]
        return again

    def finish(self, answer: bytes) -> None:
        """Answer the request at hand and go on to the next; on the loop's thread, and no thread serves this one now.

        Does what the server's `service` does at the end of a request.
        """
        request = self.requests[0]
        if self.connected:
            self._send_whole(answer)
        request.close()
        with self.requests_lock:
            self.requests.pop(0)
            if self.connected and self.requests:
                self.server.add_task(self)
            elif self.connected and self.request is not None and self._waits_to_go_on():
                self.send_continue()

    def _waits_to_go_on(self) -> bool:
        """Whether the next request waits for our word before it sends its body (RFC 9110 clause 10.1.1)."""
        coming = self.request
        return bool(coming.expect_continue and coming.headers_finished and not self.sent_continue)

    def _send_whole(self, answer: bytes) -> None:
        """Send what the socket takes now and leave the rest to the loop, behind whatever still waits to be sent."""
        try:
            sent = 0 if self.total_outbufs_len else self.send(answer)
            if sent < len(answer):
                self.write_soon(answer[sent:])
        except (ClientDisconnected, OSError):  # whoever pressed finds the order with the next press
            self.will_close = True
