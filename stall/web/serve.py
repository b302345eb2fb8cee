"""Runs both apps on waitress: buyers on one listening socket, the till on another that only loopback reaches.

With nginx in front, buyers' socket is a unix socket that only nginx reaches, and what nginx reports comes in beside it. Each app has its own threads and its own loop, so a crowd of phones never takes the till's. Nothing is decided here.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.server import create_server

from stall import log, runtime
from stall.alive import Alive
from stall.errors import Refused
from stall.store import link_secret, locks, open_folders
from stall.store.box import Box
from stall.web import going, guard
from stall.web.buyer.front import Front
from stall.web.buyer.shop import Shop
from stall.web.datagrams import Datagrams
from stall.web.direct import Connection, Taker, Threads
from stall.web.factory import create_buyer_app, shop_of
from stall.web.given import Given
from stall.web.guard import MAX_BODY_BYTES, MAX_PICTURE_BYTES, is_shared
from stall.web.warm import Warm

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
TILL_HOST = "127.0.0.1"
TILL_THREADS = 4
#: Kernel memory for what a slow phone has not taken yet; the default of 4 MB times 200 phones does not fit a Pi.
SEND_BUFFER_BYTES = 128 * 1024
#: The server's own default of 100 leaves half of a crowd unserved.
CONNECTIONS = 1000
#: What one phone may hold open (browsers use six): else a single one could hold all there are.
CONNECTIONS_A_PHONE = 60
FILES_OPEN = 4096
#: How long a thread that computes keeps the interpreter from one that waits for it (s). With Python's own 5 ms the crowd's writer
#: lets the till and the loop of the server wait; a till's page asks for the interpreter some dozens of times.
SWITCH_S = 0.0005
IDLE_S = 60
#: Bytes waiting for a phone past which the server makes whoever writes more wait. Here nobody may: files wait on the disk, pages are
#: small, and a thread or the loop itself that waited for a phone that does not read would wait for good.
NEVER = 1 << 62
HEADER_BYTES = 32 * 1024
_STOP_S = 1
#: Where another process follows on the same sockets, what was begun is finished first: so long at most (s), and so long a new
#: connection may take to say what it wants.
EBB_S, _FIRST_WORD_S, _EBB_LOOK_S = 10.0, 1.0, 0.02
_ACCEPTED_TOGETHER = 32
TILL_SOCKET, NGINX_SOCKET_MODE = "till.sock", 0o660
#: Beside the buyers' socket: where nginx reports what it sent.
REPORTS_SOCKET = "transfers.sock"
#: What nginx says of a client is believed where nobody else can speak: on the unix socket.
BEHIND_NGINX: dict[str, Any] = {
    "trusted_proxy": "*", "trusted_proxy_count": 1, "trusted_proxy_headers": {"x-forwarded-for"},
}  # fmt: skip
logger = log.get("web")


def hold_signals() -> set[int]:
    """Keep the signals that end us for the one place that waits for them; before any thread starts, which would take one and end.

    Returns those that were held before, for `let_signals`.
    """
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS))


def let_signals(held: set[int]) -> None:
    """Hold only these again: what is started from here later must be able to be ended."""
    signal.pthread_sigmask(signal.SIG_SETMASK, held)


def run(
    box: Box,
    ready: Callable[[str], None],
    tidy: Callable[[], object] = int,
    sockets: Iterable[socket.socket] = (),
    begun: Callable[[Alive], Callable[[], object]] = lambda _: int,
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told both addresses once they answer. Closes nothing of the box.

    `tidy` is called when much was made and thrown away; `sockets` are held open by somebody who starts another process on them after
    this one. `begun` is told what must go on from now on, and gives what to call when it ends.

    Raises Refused `port-in-use`, `address-refused`, `already-running`, `socket-unknown`.
    """
    hold_signals()
    given = Given(sockets)
    _allow_many_files()
    sys.setswitchinterval(SWITCH_S)
    web = box.settings.web
    with contextlib.ExitStack() as open_things:
        held = locks.own_name(box.folder, "web")
        open_things.callback(held.release)
        till_socket = open_things.enter_context(_held(given, web.till_port) or listen(TILL_HOST, web.till_port))
        behind = Path(web.socket) if web.socket else None
        reports: Datagrams | None = None
        serving: dict[str, Serving] = {}
        app = create_buyer_app(box, watch=True, behind_nginx=behind is not None, draws=True)
        open_things.callback(shop_of(app).stop)
        if behind is not None:
            reports = _meet_nginx(box, shop_of(app), behind, open_things, given)
        buyers_socket = (
            listen(web.host, web.port) if behind is None else _behind_nginx(behind, "web", given, open_things)
        )
        open_things.enter_context(buyers_socket)
        front = Front(shop_of(app), guard.buyer_rules(web, box.settings.captive.https))
        buyers = Serving(app, buyers_socket, "buyers", web.threads, front, behind_nginx=behind is not None)
        open_things.callback(buyers.stop)
        serving["buyers"] = buyers
        warm = Warm(box, app, shop_of(app).pages, buyers.on_threads, tidy)
        open_things.callback(warm.stop)
        warm.window()
        # Buyers are answered by now: the till is a third of the program, and whoever opens its page waits for it as before.
        from stall.web.till.app import create_till_app  # noqa: PLC0415 - after the first buyer is answered

        till = Serving(
            create_till_app(box, portal=shop_of(app).portal),
            till_socket,
            "till",
            TILL_THREADS,
            body_bytes=MAX_PICTURE_BYTES,
        )
        open_things.callback(till.stop)
        serving["till"] = till
        away = till_socket_path(box)
        if away is not None:
            remote_socket = open_things.enter_context(_behind_nginx(away, "till", given, open_things))
            away_app = create_till_app(box, remote=True, portal=shop_of(app).portal)
            remote = Serving(
                away_app, remote_socket, "till-tls", TILL_THREADS, body_bytes=MAX_PICTURE_BYTES, behind_tls=True
            )
            open_things.callback(remote.stop)
            serving["till-tls"] = remote
        given.none_left()
        _spare_the_collector()
        warm.start()
        ready(f"Buyers: {web.address}")
        ready(f"Till:   http://{TILL_HOST}:{till_socket.getsockname()[1]}")
        ending = begun(going.on(box, shop_of(app), reports, serving))
        signal.sigwait(SIGNALS)
        ending()
        if given.some:
            _ebb(list(serving.values()))


def _ebb(serving: Sequence[Serving]) -> None:
    """Take nobody on any more, and finish what was begun: whoever knocks now waits for the next process."""
    for each in serving:
        each.take_no_more()
    until = time.monotonic() + EBB_S
    while time.monotonic() < until and any([each.finishing() for each in serving]):  # noqa: C419 - each lets go of its own
        time.sleep(_EBB_LOOK_S)


def _held(given: Given, port: int) -> socket.socket | None:
    """The till's socket on this machine, as we would have opened it."""
    sock = given.stream((TILL_HOST, port))
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    return sock


def _behind_nginx(path: Path, table: str, given: Given, open_things: contextlib.ExitStack) -> socket.socket:
    """The socket for nginx at `path`: the one we were given, else one of our own, which goes with us."""
    sock = given.stream(str(path))
    if sock is None:
        sock = listen_unix(path, table)
        open_things.callback(path.unlink, missing_ok=True)
    return sock


def _meet_nginx(
    box: Box, shop: Shop, buyers_socket: Path, open_things: contextlib.ExitStack, given: Given
) -> Datagrams:
    """Have ready what nginx needs of us before it is let in: folders it may read, the secret of links, an ear for its reports."""
    open_folders.open_to_group(box.folder)
    link_secret.keep(box.folder / "keys", box.secrets)
    place = buyers_socket.with_name(REPORTS_SOCKET)
    reports = Datagrams(place, box, shop.transfers, given.datagrams(str(place)))
    open_things.callback(reports.stop)
    return reports


def _spare_the_collector() -> None:
    """What is loaded by now stays for good: looking through it again and again for garbage is a fifth of a claim's processor."""
    gc.collect()
    gc.freeze()
    gc.enable()


def _allow_many_files() -> None:
    """Every phone that downloads needs two descriptors; the usual soft limit of 1024 ends at 500 of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_OPEN if hard == resource.RLIM_INFINITY else min(FILES_OPEN, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket. Raises Refused `port-in-use`, `address-refused`."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)  # what it accepts inherits it
        sock.bind((host, port))
        sock.listen(CONNECTIONS)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise Refused(
                "port-in-use",
                f"Port {port} on {host} is taken by another program. Stop that one, or set another port in settings.toml.",
            ) from error
        raise Refused(
            "address-refused",
            f"Nobody may listen on {host}, port {port} ({error.strerror}). Set another address in settings.toml.",
        ) from error
    return sock


def till_socket_path(box: Box) -> Path | None:
    """Where nginx finds the till: as set, else in the runtime folder that the service manager made; None without either."""
    if box.settings.till.socket:
        return Path(box.settings.till.socket)
    folder = runtime.folder()
    return None if folder is None else folder / TILL_SOCKET


def listen_unix(path: Path, table: str = "till") -> socket.socket:
    """Open a unix socket for nginx, group and owner only; one left by a process that died is replaced.

    `table` of the settings named it. Raises Refused `address-refused`.
    """
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket():  # a place typed wrong may be anything, the database too
            path.unlink()
        before = os.umask(0o777 & ~NGINX_SOCKET_MODE)
        try:
            sock.bind(str(path))
        finally:
            os.umask(before)
        sock.listen(CONNECTIONS)
    except OSError as error:
        sock.close()
        raise Refused(
            "address-refused",
            f"Nobody may listen at {path} ({error.strerror or error}). Set another place in settings.toml under [{table}].",
        ) from error
    return sock


class _Connection(Connection):
    """One connection. A phone's newest one ends its quietest where it holds too many; behind nginx that one counts."""

    def __init__(self, server: Any, sock: socket.socket, address: Any, *rest: Any, **more: Any) -> None:
        super().__init__(server, sock, address, *rest, **more)
        if self.adj.trusted_proxy is not None:
            return
        open_ones = [channel for channel in server.active_channels.values() if not channel.will_close]
        own = [channel for channel in open_ones if channel.addr[0] == address[0]]
        if len(own) > CONNECTIONS_A_PHONE and not is_shared(address[0]):
            quiet = [channel for channel in own if not channel.requests and not channel.total_outbufs_len]
            min(quiet, key=lambda channel: channel.last_activity).will_close = True  # this one is quiet itself


def _accept_all(server: Any, accept: Callable[[], None]) -> None:
    """Take on whoever waits to connect, some at a time: a turn of the loop looks at every connection there is."""
    for _ in range(_ACCEPTED_TOGETHER):
        before = len(server.active_channels)
        accept()
        if len(server.active_channels) == before:
            return


class Serving:
    """One app being served on a thread of its own until stopped."""

    def __init__(
        self,
        app: WSGIApplication,
        sock: socket.socket,
        name: str,
        threads: int,
        taker: Taker | None = None,
        *,
        body_bytes: int = MAX_BODY_BYTES,
        behind_nginx: bool = False,
        behind_tls: bool = False,
    ) -> None:
        """Start serving; what `taker` takes on, no thread serves. A request with more than `body_bytes` is turned away unread.

        `behind_nginx`, `behind_tls`: a socket that only nginx reaches, for http or https.

        A loop that ends by itself takes the process with it, to be started anew.
        """
        self._channels: dict[int, Any] = {}
        self._taker = taker
        dispatcher = Threads(threads, taker)
        self._server: Any = create_server(
            app,
            map=self._channels,
            sockets=[sock],
            _dispatcher=dispatcher,
            threads=threads,
            connection_limit=CONNECTIONS,
            asyncore_use_poll=True,
            channel_timeout=IDLE_S,
            outbuf_high_watermark=NEVER,
            max_request_header_size=HEADER_BYTES,
            max_request_body_size=body_bytes,
            clear_untrusted_proxy_headers=True,
            ident=None,
            url_scheme="https" if behind_tls else "http",
            **(BEHIND_NGINX if behind_nginx or behind_tls else {}),
        )
        server: Any = self._server
        server.handle_accept = partial(_accept_all, server, server.handle_accept)
        self._stopping = False
        self._rests_from = 0.0
        self.address: str | tuple[str, int] = sock.getsockname()
        self._thread = threading.Thread(target=self._run, name=f"serve-{name}", daemon=True)
        self._thread.start()

    def on_threads(self, do: Callable[[], object]) -> None:
        """Have the loop's thread and those that serve next do this once; returns before it is done."""
        if not self._stopping:
            self._server.task_dispatcher.on_the_loop(self._server, do)
            self._server.task_dispatcher.visit(do)

    def take_no_more(self) -> None:
        """Accept no connection any more; those there are go on."""
        self._rests_from = time.monotonic()
        self._server.accepting = False  # its loop looks at this before each turn

    def finishing(self) -> bool:
        """After `take_no_more`: let go of connections that ask for nothing, and say whether any is left."""
        looked = threading.Event()

        def let_go() -> None:
            patient = time.monotonic() - self._rests_from < _FIRST_WORD_S
            for channel in list(self._server.active_channels.values()):
                if channel.asks_nothing(patient=patient):
                    channel.handle_close()
            looked.set()

        self._server.task_dispatcher.on_the_loop(self._server, let_go)
        looked.wait(_STOP_S)
        return bool(self._server.active_channels)

    def stop(self) -> None:
        """Let running requests finish for a second at most, then close every connection and end the loop."""
        self._stopping = True
        if self._taker is not None:
            self._taker.stop()
        self._server.task_dispatcher.shutdown(timeout=_STOP_S)
        self._server.task_dispatcher.on_the_loop(self._server, self._close_all)
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        self._server.channel_class = _Connection
        try:
            self._server.run()
        finally:
            if not self._stopping:
                logger.error("serve.ended", reason="the server's loop ended by itself")
                os._exit(75)
            self._server.task_dispatcher.close(self._server)

    def _close_all(self) -> None:
        """On the loop's own thread: send what is ready, tell the files they are closed, end the loop.

        The pipe that wakes it is only left alone here: another thread may be writing to it still.
        """
        self._server.trigger.del_channel()
        wasyncore.dispatcher.close(self._server)  # its own way of closing takes the pipe with it
        for channel in list(self._server.active_channels.values()):
            channel.handle_write()
            channel.handle_close()
        wasyncore.close_all(self._channels, ignore_all=True)
